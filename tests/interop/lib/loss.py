"""Holds what the callees of phone_loss.sh tell of quality against ITU-T G.107: loss.py FOLDER."""
import json
import math
import pathlib
import sys

IE, BPL = 0, 25.1  # G.711 with packet loss concealment, ITU-T G.113 Appendix I


def fail(why):
    print(why)
    sys.exit(1)


def quality(folder):
    for line in (folder / "callee.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "quality":
            return event
    fail(f"{folder.name}: no quality")


def impairment(event):
    """Ie,eff of G.107 7.2, of what was lost or came too late."""
    percent = 100 * (event["lost"] + event["unplayed"]) / (event["received"] + event["lost"])
    return IE + (95 - IE) * percent / (percent / event["burst_ratio"] + BPL)


def opinion(rating):
    """MOS of G.107 Annex B."""
    return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6


def main():
    root = pathlib.Path(sys.argv[1])
    told = {percent: quality(root / f"{percent:02}") for percent in (0, 10, 30)}
    scores = [event["mos"] for event in told.values()]
    losses = [f"{100 * event['loss']:.1f} %" for event in told.values()]
    print(f"a loss of {', '.join(losses)} in all is an opinion score of {', '.join(map(str, scores))}; nothing is missing afterwards")
    for percent, event in told.items():
        # Of about 340 packets 200 met the filter: five standard deviations of what it drops.
        chance = percent / 100
        if abs(event["loss"] - chance * 200 / 340) > 5 * math.sqrt(200 * chance * (1 - chance)) / 340 + 1e-9:
            fail(f"{percent} % of 4 s: {event['loss']} lost in all")
        # Without loss delay and level are the same in all.
        wanted = told[0]["rating"] + impairment(told[0]) - impairment(event)
        if abs(event["rating"] - wanted) > 1.5:
            fail(f"{percent} %: R is {event['rating']}, and not {wanted:.2f}")
        if abs(event["mos"] - opinion(event["rating"])) > 0.01:
            fail(f"{percent} %: MOS is {event['mos']}, and not {opinion(event['rating']):.2f}")
    if not scores[0] > scores[1] > scores[2]:
        fail(f"the scores don't fall: {scores}")


main()
