r"""settings/: YAML text into `Settings`, all mistakes at once.

Owns reading YAML with its marks, the shape of the file (`shape.py`), what each key takes, and the JSON schema.

Must never read files or the environment, nor know the resolver: texts come in with their names, `Settings` come out.

A worked example::

    loaded = read_settings([("vpcdns.yaml", "endpoints: {monitoring: 172.16.2.49}\n")])
    loaded.settings.short_endpoints["monitoring"]     # (IPv4Address("172.16.2.49"),)
    loaded.mark(("endpoints", "monitoring"))          # Mark("vpcdns.yaml", 1, 13)
"""

from proxy.settings.loading import Loaded, read_expectation_of_refusal, read_settings, read_sound_part

__all__ = ["Loaded", "read_expectation_of_refusal", "read_settings", "read_sound_part"]
