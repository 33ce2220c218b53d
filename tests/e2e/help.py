"""What a command accepts (tools/cmd_*.c), what its --help says, and what the manual pages say: the same options.

help.py TREE COMMAND...: prints each difference, and ends with 1 when there is one.
"""
import glob
import re
import subprocess
import sys

ALIASES = {"-o": "--out", "--o": "--out"}


def options(text):
    found = re.findall(r"(?<![\w-])(--[a-z][a-z-]*|-[a-z](?![\w-]))", text)
    return {ALIASES.get(name, name) for name in found}


def strings(text):
    return "".join(re.findall(r"\"([^\"]*)\"", text))


def macros_of(text):
    return {name: strings(value) for name, value in re.findall(r"#define\s+(\w+)\s+((?:\"[^\"]*\"\s*)+)", text)}


def accepted(tree):
    """"GROUP SUB" -> options, from the tables of actions: { "SUB", "GROUP NAME", "options", ..."""
    shared = macros_of("".join(open(p).read() for p in glob.glob(tree + "/tools/*.h")))
    entry = r"\{\s*\"([a-z-]+)\",\s*\"([a-z -]+)\",\s*((?:\"[^\"]*\"|[A-Z_]|\s)+?),\s*(?:\"Usage|[A-Z])"
    result = {}
    for path in glob.glob(tree + "/tools/cmd_*.c"):
        text = open(path).read()
        macros = {**shared, **macros_of(text)}
        for word, name, spec in re.findall(entry, text):
            parts = re.findall(r"\"[^\"]*\"|[A-Z_]+", spec)
            words = " ".join(part[1:-1] if part[0] == '"' else macros[part] for part in parts)
            command = " ".join(name.split()[:-1] + [word])
            result[command] = {ALIASES.get("--" + w.rstrip("="), "--" + w.rstrip("=")) for w in words.split()}
    return result


def helped(command):
    text = subprocess.run(["waybill", *command.split(), "--help"], capture_output=True, text=True, check=True).stdout
    lines, usage = [], False
    for line in text.splitlines():
        usage = line.startswith("Usage:") or (usage and re.match(r" {7}(waybill|\[)", line))
        if usage or re.match(r" {2,4}(-o, )?--?[a-z]", line):
            lines.append(line if usage else re.match(r" +(-\w, )?(-[-\w]*)", line).group(0))
    return options("\n".join(lines))


def roff(text):
    text = re.sub(r"\\f[A-Z]", "", text).replace("\\-", "-").replace('"', "")
    return text


def manual(tree):
    """(what every command understands, [(a paragraph's commands, its options)])"""
    paragraphs, common = [], set()
    for page in ("waybill.1", "waybill-consortium.1"):
        section = ""
        text = roff(open(f"{tree}/docs/man/{page}").read())
        for block in re.split(r"^(?=\.TP|\.SH)", text, flags=re.M):
            head = re.match(r"\.SH (.*)", block)
            section = head.group(1) if head else section
            body = block.split("\n", 2)
            if section == "OPTIONS" and len(body) > 1:
                common |= options(body[1])
            elif block.startswith(".TP") and len(body) > 1:
                paragraphs.append((body[1], options(block)))
    return common, paragraphs


def is_of(command, title):
    """gov propose tells of all its actions in one paragraph."""
    return any(re.match(rf"(\.\w+ )?{name}(?![-\w])", part.strip())
               for part in title.split(",") for name in {command, " ".join(command.split()[:2])})


def main():
    tree, wanted = sys.argv[1], sys.argv[2:]
    takes = accepted(tree)
    common, paragraphs = manual(tree)
    commands = sorted(c for c in takes if c.split()[0] in wanted)
    wrong = 0

    def complain(what, found):
        nonlocal wrong
        for name in sorted(found):
            print(f"{what}: {name}")
            wrong += 1

    for command in commands:
        told = helped(command)
        complain(f"waybill {command} takes, and its --help does not say", takes[command] - told)
        complain(f"waybill {command} --help says, and it does not take", told - takes[command] - common)
    for command in commands:
        places = [found for title, found in paragraphs if is_of(command, title)]
        if not places:
            complain("no manual page names", {command})
            continue
        complain(f"waybill {command} takes, and its manual page does not say",
                 takes[command] - set().union(*places) - common)
    for title, found in paragraphs:
        named = [c for c in commands if is_of(c, title)]
        if named:
            complain(f"the manual says of {', '.join(named)}, and none takes",
                     found - common - set().union(*(takes[c] for c in named)))
    if len(commands) < len(wanted):
        complain("found too few commands", {str(len(commands))})
    print(f"{len(commands)} commands, {wrong} differences")
    return 1 if wrong else 0


sys.exit(main())
