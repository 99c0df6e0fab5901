"""`python -m proxy` is `vpcdns`."""

from proxy.cli import main

if __name__ == "__main__":
    main()
