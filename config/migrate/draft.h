// draft - a new postern.toml, written setting by setting
//
//     Draft draft;
//     draft.set("greylist.delay", {"300s"}, {"postgrey", "/etc/default/postgrey", 3});
//     const auto key = draft.new_section("dkim.domain");
//     draft.set(key, "selector", {"mail"}, at);
//     ... draft.text()
//
// Each value goes through the table of settings (setting.h), so that what is
// written can be read. The text holds the settings that differ from their
// defaults, in the order of the table, each below a comment that says where it
// comes from.
// Failure: an Error says what is wrong with the value, or where another program
// has asked for another one; then the draft is as it was. A name that is no
// setting's is a bug of ours, and an Error too.
#pragma once

#include "common/result.h"
#include "config/migrate/old_line.h"
#include "config/setting.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class Draft {
public:
    struct RepeatedSection { // one [[NAME]]
        std::string name;
        std::size_t index;
    };

    // In place of what the same program has set before.
    Result<> set(std::string_view name, const Texts& items, const OldLine& at);
    Result<> set(const RepeatedSection& section, std::string_view name, const Texts& items, const OldLine& at);

    // One more item of a list, behind those of its default; an item that is there already is not added again.
    Result<> add(std::string_view name, const std::string& item, const OldLine& at);

    RepeatedSection new_section(std::string_view name);

    // What was set; nullptr: nothing.
    const Texts* find(std::string_view name) const;
    std::size_t sections(std::string_view name) const; // how many [[NAME]]

    bool has_secret() const; // that not everybody may read

    std::string text() const;

private:
    struct Value {
        Texts items;
        std::vector<OldLine> origins;
    };
    using Values = std::map<const Setting*, Value>;

    std::string settings_text(std::string_view section, const Values& values, bool with_defaults) const;

    Values values_;
    std::map<std::string, std::vector<Values>, std::less<>> repeated_;
};

// The row of "greylist.delay"; nullptr: no such setting.
const Setting* find_setting(std::string_view full_name);

// How it is written: `greylist.delay = "300s"`. A secret is not shown.
std::string shown_setting(std::string_view full_name, const Texts& items);

} // namespace postern
