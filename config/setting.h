// setting - what is known of one setting: a row of the table
//
// A row has everything: where the setting stands, the member of Config that
// it fills, its default, its limits, its words and its text. Reading, faults,
// names in the environment, the sample file and the manual page all come from
// it, so a new setting is one row and one member.
//
// A section is one of three kinds. *single*: [spf]. *per instance*:
// [milterd.submission] stands over [milterd] for `--instance submission`.
// *repeated*: each [[dkim.domain]] is one more entry of a list; its rows point
// into the last entry, which the section's `append` has just made.
#pragma once

#include "config/config.h"
#include "config/value.h"

#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace postern {

struct Octal { // a number that is written as an octal text
    std::int64_t* value;
};
struct Octets { // a number that may be written with K, M or G
    std::int64_t* value;
};

// Where a value goes, and with it how it is written.
using Target = std::variant<bool*, std::int64_t*, Octal, Octets, std::string*, Texts*, std::chrono::seconds*,
                            std::chrono::milliseconds*, LogFormat*, LogTarget*, DnsblAction*, DnsblZoneType*,
                            SpfRejectOn*, SpfHeloRejectOn*, SpfHeader*, InfectedAction*, ScanFailureAction*,
                            OwnScanFailureAction*, OversizeAction*, VirusHeader*, RecipientLines*, UnknownRecipient*,
                            UnavailableDirectory*, MailAction*, DkimProblemAction*, RemoveAuthResults*>;

struct Setting {
    std::string_view section;
    std::string_view name;
    Target (*target)(Config&);
    std::string_view fallback; // the default, as read_setting takes it
    std::string_view text;     // its documentation: whole sentences

    std::string_view low{}, high{};             // both or neither
    std::span<const std::string_view> words{};  // all that a text, or an item of a list, may be
    Result<> (*check)(std::string_view){};      // of a text, or of each item of a list; the empty text is not checked
    std::string_view instance_fallback{};       // not empty: an instance does not inherit, %i is its name
    std::string_view example{};                 // for the sample file, where the default is nothing to go by
    bool restart = false;                       // a change waits for the next start
    bool required = false;                      // must not be empty; in a repeated section it has no default
    bool secret = false;                        // not for a file that everybody may read
    bool own = false;                           // an instance does not inherit it: its default is nothing
    bool key = false;                           // in a repeated section: two entries must not share all keys
};

enum class SectionKind { single, per_instance, repeated };
enum class ReadBy { both, policyd, milterd };

struct Section {
    std::string_view name;
    SectionKind kind;
    ReadBy read_by;
    std::string_view text;
    void (*append)(Config&) = nullptr; // repeated: one more entry
};

// Has an instance the value of the section that it stands over, where it sets none itself?
constexpr bool is_inherited(const Setting& setting)
{
    return setting.instance_fallback.empty() && !setting.own;
}

std::span<const Setting> settings(); // in the order of the manual
std::span<const Section> sections();

const Section* find_section(std::string_view name);
const Setting* find_setting(std::string_view section, std::string_view name);

// How the setting is written in postern.toml.
enum class Shape { boolean, number, size, text, list };
Shape shape_of(const Setting& setting);

std::vector<std::string_view> words_of_setting(const Setting& setting); // empty: it is not made of words

// What the value must be, for faults: "a time such as \"90s\", \"5m\", \"2h\" or \"1d\"".
std::string wanted(const Setting& setting);

// Splits a default or an environment variable into the items of the value: one, but for lists.
Texts split_value(const Setting& setting, std::string_view text);

// Reads, checks and stores a value.
Result<> set_value(Config& config, const Setting& setting, const Texts& items);

// Is the value the same in both?
bool same_value(const Config& a, const Config& b, const Setting& setting);

} // namespace postern
