"""Where the regions of AWS are, as far as routing policies ask.

The coordinates are those of the city or the area that AWS names a region after, to about half a degree: made up from a map,
not from AWS, which publishes none.  Latency between two regions is not published either; the distance along the earth's
surface stands in for it.  The order of what is near and far is mostly the same, but two regions that are about equally far
may change places.

>>> round(distance("eu-west-1", "eu-central-1"))
1091
>>> place("us-west-2").subdivision
'OR'
"""

from __future__ import annotations

import math
from typing import NamedTuple

EARTH_RADIUS = 6371.0
"""Kilometres."""


class Place(NamedTuple):
    """A region's latitude and longitude in degrees, its country, continent and, in the United States, its state.

    Codes are those of Route 53's geolocation (ISO 3166-1, and seven continents).
    """

    latitude: float
    longitude: float
    country: str
    continent: str
    subdivision: str | None = None


_PLACES = {
    "af-south-1": Place(-33.9, 18.4, "ZA", "AF"),  # Cape Town
    "ap-east-1": Place(22.3, 114.2, "HK", "AS"),  # Hong Kong
    "ap-east-2": Place(25.0, 121.6, "TW", "AS"),  # Taipei
    "ap-northeast-1": Place(35.7, 139.7, "JP", "AS"),  # Tokyo
    "ap-northeast-2": Place(37.6, 127.0, "KR", "AS"),  # Seoul
    "ap-northeast-3": Place(34.7, 135.5, "JP", "AS"),  # Osaka
    "ap-south-1": Place(19.1, 72.9, "IN", "AS"),  # Mumbai
    "ap-south-2": Place(17.4, 78.5, "IN", "AS"),  # Hyderabad
    "ap-southeast-1": Place(1.3, 103.8, "SG", "AS"),  # Singapore
    "ap-southeast-2": Place(-33.9, 151.2, "AU", "OC"),  # Sydney
    "ap-southeast-3": Place(-6.2, 106.8, "ID", "AS"),  # Jakarta
    "ap-southeast-4": Place(-37.8, 145.0, "AU", "OC"),  # Melbourne
    "ap-southeast-5": Place(3.1, 101.7, "MY", "AS"),  # Kuala Lumpur
    "ap-southeast-6": Place(-36.8, 174.8, "NZ", "OC"),  # Auckland
    "ap-southeast-7": Place(13.8, 100.5, "TH", "AS"),  # Bangkok
    "ca-central-1": Place(45.5, -73.6, "CA", "NA"),  # Montreal
    "ca-west-1": Place(51.0, -114.1, "CA", "NA"),  # Calgary
    "cn-north-1": Place(39.9, 116.4, "CN", "AS"),  # Beijing
    "cn-northwest-1": Place(37.5, 105.2, "CN", "AS"),  # Zhongwei, Ningxia
    "eu-central-1": Place(50.1, 8.7, "DE", "EU"),  # Frankfurt
    "eu-central-2": Place(47.4, 8.5, "CH", "EU"),  # Zurich
    "eu-north-1": Place(59.3, 18.1, "SE", "EU"),  # Stockholm
    "eu-south-1": Place(45.5, 9.2, "IT", "EU"),  # Milan
    "eu-south-2": Place(41.6, -0.9, "ES", "EU"),  # Zaragoza, Aragon
    "eu-west-1": Place(53.3, -6.3, "IE", "EU"),  # Dublin
    "eu-west-2": Place(51.5, -0.1, "GB", "EU"),  # London
    "eu-west-3": Place(48.9, 2.4, "FR", "EU"),  # Paris
    "eusc-de-east-1": Place(52.4, 12.5, "DE", "EU"),  # Brandenburg
    "il-central-1": Place(32.1, 34.8, "IL", "AS"),  # Tel Aviv
    "me-central-1": Place(24.5, 54.4, "AE", "AS"),  # Abu Dhabi
    "me-south-1": Place(26.2, 50.6, "BH", "AS"),  # Manama
    "mx-central-1": Place(20.6, -100.4, "MX", "NA"),  # Querétaro
    "sa-east-1": Place(-23.5, -46.6, "BR", "SA"),  # São Paulo
    "us-east-1": Place(38.9, -77.4, "US", "NA", "VA"),  # Ashburn, northern Virginia
    "us-east-2": Place(40.0, -83.0, "US", "NA", "OH"),  # Columbus
    "us-gov-east-1": Place(40.0, -83.0, "US", "NA", "OH"),  # Ohio
    "us-gov-west-1": Place(45.8, -119.7, "US", "NA", "OR"),  # Oregon
    "us-west-1": Place(37.4, -121.9, "US", "NA", "CA"),  # northern California
    "us-west-2": Place(45.8, -119.7, "US", "NA", "OR"),  # Boardman
}

REGIONS = tuple(_PLACES)
"""The regions that a record set can name: those of the Route 53 API (ResourceRecordSetRegion)."""


def place(region: str) -> Place | None:
    """Where a region is; None for one that is not in the table, such as a made-up one."""
    return _PLACES.get(region)


def distance(one: str, other: str) -> float:
    """Kilometres between two regions; infinite where one of them is not known and they are not the same."""
    if one == other:
        return 0.0
    here, there = place(one), place(other)
    if here is None or there is None:
        return math.inf
    lat, lat2 = math.radians(here.latitude), math.radians(there.latitude)
    east = math.radians(there.longitude - here.longitude)
    half_chord = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(math.sqrt(half_chord))


def biased_distance(one: str, other: str, bias: int) -> float:
    """The distance that geoproximity compares, in kilometres ("Geoproximity routing", how Route 53 uses bias).

    A positive bias of 1 to 99 shortens it, a negative one of -1 to -99 lengthens it.
    """
    share = 1 - abs(bias) / 100
    return distance(one, other) * share if bias >= 0 else distance(one, other) / share
