"""What is measured: one row a work, with what it has to reach."""

from __future__ import annotations

from dataclasses import dataclass

from bench.names import (
    Names,
    Questions,
    cased,
    chains,
    every,
    fresh_outside,
    many,
    missing,
    nodata,
    one,
    outside,
)

SMALL, LARGE = Names(10, 100), Names(1000, 100, vpcs=50)
UDP = ("-c", "4", "-q", "64", "-T", "1")
TCP = ("-m", "tcp", "-c", "20", "-q", "100", "-T", "1")
SINGLE = (*TCP, "-O", "num-queries-per-conn=1")
QUERY_LOG = "query_log: {path: queries.log}"
PACKETS = "limits: {packets_per_second: 10000000}"


@dataclass(frozen=True, slots=True)
class Work:
    """A load, and the ratios of processor time that are wanted: to the best C server, to one of them, to the C echo program.

    `servers` are left out of a work that is not theirs; a plain number is the ratio to that row of vpcdns's own.
    """

    name: str
    questions: Questions
    names: Names = SMALL
    load: tuple[str, ...] = UDP
    of_best: float | None = None
    of_echo: float | None = None
    of_row: tuple[str, float] | None = None
    without: tuple[str, ...] = ()
    more: str = ""


WORKS = (
    Work("private, 1 name", one, of_best=1.0, of_echo=1.25),
    Work("private, 1,000 names", many, of_best=1.0, of_echo=1.25),
    Work("private, names never asked (NXDOMAIN)", missing, of_best=1.15),
    Work("private, letter case never seen", cased, of_best=1.15),
    Work("private, no such type (NODATA)", nodata, of_best=1.0, of_echo=1.25),
    Work("private, a chain of three", chains, of_best=1.0, without=("unbound",)),
    Work("internet, cached, 1,000 names", outside, of_best=1.1, without=("echo",)),
    Work("internet, never asked", fresh_outside, of_best=0.5, without=("echo",)),
    Work("TCP, 20 connections pipelined", many, load=TCP, of_best=1.2, without=("echo",)),
    Work("TCP, a connection a query", many, load=SINGLE, of_best=1.2, without=("echo",)),
    Work("1,000 of 100,000 names, 1,000 zones", many, LARGE, of_row=("private, 1,000 names", 1.1)),
    Work("all of 100,000 names, 1,000 zones", every, LARGE, of_row=("private, 1,000 names", 1.1)),
)
