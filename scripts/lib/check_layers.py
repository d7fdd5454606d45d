#!/usr/bin/env python3
"""Fails where a room includes what its floor may not: see rooms.txt beside this file.

A room includes rooms of lower floors and those of its own floor that the table grants. Headers in a detail folder are
for their own room. Below net nobody includes Asio or operating-system headers, and no public header names Beast.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
NET_FLOOR = 4
NET_ONLY = re.compile(
    r"(boost/asio|boost/beast|sys/|arpa/|netinet/|net/).*|boost/asio\.hpp|"
    r"(netdb|unistd|poll|pthread|time|signal|stdio)\.h|ctime|csignal|cstdio|"
    r"thread|mutex|shared_mutex|condition_variable|future|semaphore|random|regex|locale|filesystem|"
    r"iostream|fstream|sstream|istream|ostream|iomanip|print")


def read_rooms():
    rooms = {}
    for line in (ROOT / "scripts/lib/rooms.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            rooms[words[0]] = (int(words[1]), set(words[2:]))
    return rooms


def check(path, room, rooms, public):
    floor, same_floor = rooms[room]
    for name in INCLUDE.findall(path.read_text()):
        match = re.match(r"(?:parley/)?(\w+)/", name)
        other = match.group(1) if match and match.group(1) in rooms else None
        if other and other != room:
            if "/detail/" in name:
                yield f"{name} is private to {other}"
            elif not (rooms[other][0] < floor or other in same_floor):
                yield f"{room} may not include {name}"
        if floor < NET_FLOOR and not other and NET_ONLY.fullmatch(name):
            yield f"{name} is for net and the rooms above it"
        if public and name.startswith("boost/beast"):
            yield f"{name} in a public header"
        if public and "/detail/" in name and not name.startswith("parley/"):
            yield f"private {name} in a public header"


def main():
    rooms = read_rooms()
    wrong = 0
    files = 0
    for base, public in (("include/parley", True), ("lib", False)):
        for folder in sorted(p for p in (ROOT / base).iterdir() if p.is_dir()):
            if folder.name not in rooms:
                sys.exit(f"{base}/{folder.name} is no room of scripts/lib/rooms.txt")
            for path in sorted(folder.rglob("*.[hc]pp")):
                files += 1
                for fault in check(path, folder.name, rooms, public):
                    print(f"{path.relative_to(ROOT)}: {fault}")
                    wrong += 1
    if wrong:
        sys.exit(f"{wrong} includes break the floors")
    print(f"{files} headers and sources include only what their floors allow")


if __name__ == "__main__":
    main()
