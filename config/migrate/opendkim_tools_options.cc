#include "config/migrate/old_options.h"

namespace postern {
namespace {

constexpr OldOption opendkim_tools_rows[] = {
    {"genkey `-d`, `--domain`", Fate::kept, "the same, or `DOMAIN`",
     "must be named: `localhost` signs nobody's mail"},
    {"genkey `-s`, `--selector`", Fate::kept, "the same",
     "default `default` with `--directory`, else the date"},
    {"genkey `-b`, `--bits`", Fate::kept, "the same",
     "fewer than 2048 become 2048, with a word about it; at most 4096"},
    {"genkey `-D`, `--directory`", Fate::kept, "the same", "the current one must be named: `--directory .`"},
    {"genkey `-r`, `--restrict`", Fate::kept, "the same", "`s=email`"},
    {"genkey `-t`, `--testmode`", Fate::kept, "the same", "`t=y`"},
    {"genkey `-S`, `--nosubdomains`", Fate::kept, "the same", "`t=s`"},
    {"genkey `--subdomains`", Fate::kept, "the same",
     "the record allows it by default; managed keys then sign mail of the domains below, too"},
    {"genkey `-h`, `--hash-algorithms`", Fate::kept, "the same", "default: none is named; we sign by sha256"},
    {"genkey `-n`, `--note`", Fate::kept, "the same", ""},
    {"genkey `-a`, `--append-domain`", Fate::kept, "the same",
     "in `SELECTOR.txt`; what is printed has the whole name"},
    {"genkey `-v`, `-V`", Fate::kept, "`-v` means nothing; `postern --version`", ""},
    {"genkey: RSA only", Fate::kept, "`--algorithm rsa`, `ed25519`, `both`",
     "default with `--directory`: `rsa`; managed: `both`"},
    {"genkey overwrites a key of that name", Fate::refused, "refused: \"exists already\"",
     "a key that signs would be lost"},
    {"genkey: mode 0600", Fate::kept, "0640 with the daemon's group, if there is one",
     "so that a reload can read it"},
    {"testkey `-d`, `-s`, `-k`", Fate::kept, "`check -d DOMAIN -s SELECTOR -k FILE`",
     "or `check` alone: all keys that are configured"},
    {"testkey `-x FILE`", Fate::kept, "`postern dkim --config FILE check`", "of Postern's own configuration"},
    {"testkey `-v`", Fate::changed, "means nothing",
     "all is told: what the resolver and each server of the zone says"},
    {"testkey: \"key not secure\" (no DNSSEC)", Fate::changed, "not said", ""},
    {"genzone", Fate::kept, "`postern dkim zone [NAME]`", "whole names, as `-F`"},
    {"genzone `-d`, dataset, `-x`", Fate::kept, "`NAME`, the configuration", ""},
    {"genzone `-t`", Fate::kept, "`zone --ttl`", ""},
    {"genzone `-D`, `-F`, `-s`", Fate::kept, "always so", ""},
    {"genzone `-M`", Fate::kept, "`new --restrict`", "belongs to the key"},
    {"genzone `-o`", Fate::kept, "`> FILE`", ""},
    {"genzone `-S`, `-N`, `-C`, `-E`, `-r`, `-R`, `-T`", Fate::refused,
     "refused: SOA and NS are the zone's own", "`$INCLUDE` the output"},
    {"genzone `-u` (nsupdate)", Fate::refused, "refused", ""},
};

constexpr OldTable opendkim_tools_tables[] = {{"old", opendkim_tools_rows}};

} // namespace

constexpr OldOptions opendkim_tools_options{
    "opendkim-tools",
    "opendkim's tools: opendkim-genkey, opendkim-testkey, opendkim-genzone",
    "`postern dkim new`, `check` and `zone` take the place of the three; see postern(1). With `--directory`, "
    "`new` makes the two files that opendkim-genkey makes, under the same names. Without it the keys are "
    "managed: `postern dkim rotate` has them sign when their records are seen, and exchanges them.",
    opendkim_tools_tables,
};

} // namespace postern
