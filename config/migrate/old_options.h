// old_options - what becomes of each option of the programs that Postern replaces
//
// One table an old program, in a file of its own (postgrey_options.cc). The
// document config/COMPATIBILITY.md is made of these rows, and `postern migrate`
// takes from them what it says of each option that it meets, so that the two
// cannot disagree. The cells are Markdown; what stands in `backticks` in the
// first is how the old program writes the option:
//
//     `--delay=N`, `-x`              the options --delay and -x
//     `HELO_reject = Softfail`       HELO_reject, where its value is that
//     client list                    no option: how a file is read
//
// To write the document anew after a change of a row:
//
//     build/config/postern settings --compatibility > config/COMPATIBILITY.md
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace postern {

// kept: it does what it did. changed: the note says what will differ. refused: the note says why, and what to do.
enum class Fate { kept, changed, refused };

struct OldOption {
    std::string_view names;
    Fate fate;
    std::string_view setting; // what does it now
    std::string_view note; // may be empty
};

struct OldTable {
    std::string_view head; // of the first column
    std::span<const OldOption> rows;
};

// A part of the document: one program, or one side of it.
struct OldOptions {
    std::string_view program; // as reports call it; several parts may be of one
    std::string_view heading;
    std::string_view text; // paragraphs, an empty line between two
    std::span<const OldTable> tables;
};

extern const OldOptions postgrey_options;
extern const OldOptions postfix_dnsbl_options;
extern const OldOptions policyd_spf_options;
extern const OldOptions ldap_table_options;
extern const OldOptions opendkim_tools_options;
extern const OldOptions clamav_milter_options;
extern const OldOptions opendkim_signing_options;
extern const OldOptions opendkim_running_options;
extern const OldOptions opendkim_verifying_options;

// The row of the program's option. One that names this value goes before one that names none; how a
// name is written counts, unless none is written so. nullptr: no such option is known.
const OldOption* find_old_option(std::string_view program, std::string_view name, std::string_view value = {});

// config/COMPATIBILITY.md
std::string compatibility_document();

} // namespace postern
