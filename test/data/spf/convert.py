#!/usr/bin/python3
"""Turn one of the public SPF suites from YAML into lines that common/spf/suite_test.cc reads.

usage: convert.py SUITE.yml > LINES

Fields are separated by tabs; backslash, tab, CR, LF and octets outside
printable ASCII are written as \\xHH.

    scenario  DESCRIPTION              the answers of the one before are forgotten
    answer    NAME TYPE STATUS RECORD...
    case      ID HOST HELO MAILFROM RESULTS [EXPLANATION]

STATUS is a word of DnsStatus. A name without an answer does not exist.
RESULTS are separated by commas: the suite allows several where the RFC does.
"""
import sys

import yaml

TYPES = ("A", "AAAA", "MX", "PTR", "TXT")
MAX_CNAMES = 8  # a chain that is longer is a loop


def read_zone(zonedata):
    """Name to a list of (type, value) and "TIMEOUT", in the suite's order."""
    zone = {}
    for name, items in zonedata.items():
        records, copies, has_txt = [], [], False
        for item in items:
            if item == "TIMEOUT":
                records.append(item)
                continue
            for rrtype, value in item.items():
                has_txt = has_txt or rrtype == "TXT"
                if rrtype == "SPF":  # "auto-magic duplication of SPF to TXT records", says the suite's head
                    copies.append(("TXT", value))
                elif value != "NONE":
                    records.append((rrtype, value))
        zone[name.lower()] = records + ([] if has_txt else copies)
    return zone


def answer(zone, name, rrtype, depth=0):
    """(status, values). A TIMEOUT is met by a question that nothing before it in the list has answered."""
    records = zone.get(name.lower().rstrip("."))
    if records is None:
        return "nxdomain", []
    values = []
    for item in records:
        if item == "TIMEOUT":
            if not values:
                return "tempfail", []
            break
        if item[0] == rrtype:
            values.append(item[1])
        elif item[0] == "CNAME":
            return ("tempfail", []) if depth == MAX_CNAMES else answer(zone, item[1], rrtype, depth + 1)
    return ("found" if values else "nodata"), values


def as_text(rrtype, values):
    """The records as the Resolver interface gives them."""
    if rrtype == "MX":
        return [name.rstrip(".") for _, name in sorted(values, key=lambda value: value[0])]
    if rrtype == "TXT":
        return [value if isinstance(value, str) else "".join(value) for value in values]
    return [value.rstrip(".") for value in values]


def line(*fields):
    def escaped(field):
        octets = str(field).encode("utf-8")
        return "".join(chr(o) if 0x20 <= o < 0x7F and o != 0x5C else f"\\x{o:02x}" for o in octets)

    return "\t".join(escaped(field) for field in fields) + "\n"


def convert(suite):
    for scenario in yaml.safe_load_all(suite):
        yield line("scenario", scenario["description"])
        zone = read_zone(scenario["zonedata"])
        for name in zone:
            for rrtype in TYPES:
                status, values = answer(zone, name, rrtype)
                yield line("answer", name, rrtype, status, *as_text(rrtype, values))
        for case, test in scenario["tests"].items():
            results = test["result"] if isinstance(test["result"], list) else [test["result"]]
            explanation = [test["explanation"]] if "explanation" in test else []
            yield line("case", case, test["host"], test["helo"], test["mailfrom"], ",".join(results), *explanation)


def main():
    with open(sys.argv[1], encoding="utf-8") as suite:
        sys.stdout.writelines(convert(suite))


if __name__ == "__main__":
    main()
