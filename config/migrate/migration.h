// migration - what `postern migrate` makes of the old programs, as it goes
//
// The readers of the old programs (readers.h) are each given the one Migration:
// they look at its host, and for each option that they meet they call one of
// the functions below, which put values into the draft and findings into the
// report. What is said of an option is its row in old_options.h; where a row
// cannot know, the reader says it.
// Failure: none. What cannot be is a finding, and the rest goes on.
#pragma once

#include "config/migrate/draft.h"
#include "config/migrate/finding.h"
#include "config/migrate/old_host.h"
#include "config/migrate/old_options.h"
#include "config/migrate/old_postfix.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

// An option that was met.
struct MetOption {
    OldLine at;
    std::string text; // as it is written: "--delay=300", "OnInfected Reject"
    std::string name; // as its row has it: "--delay", "OnInfected"
    std::string value{};
};

// Instead of what the row says.
struct Said {
    Fate fate;
    std::string note;
};

class Migration {
public:
    Migration(OldHost host, OldPostfix postfix);

    const OldHost& host() const { return host_; }
    const OldPostfix& postfix() const { return postfix_; }
    const Draft& draft() const { return draft_; }
    const std::vector<Finding>& findings() const { return findings_; }
    bool uses_check(std::string_view name) const;

    // The setting has this value now. A value that it cannot have is a fault.
    void set(const MetOption& option, std::string_view setting, const Texts& items, std::optional<Said> said = {});
    void set(const MetOption& option, std::string_view setting, std::string value, std::optional<Said> said = {});
    // One more item of a list.
    void add(const MetOption& option, std::string_view setting, const std::string& item, std::optional<Said> said = {});
    // A setting of a [[section]].
    Draft::RepeatedSection new_section(std::string_view name) { return draft_.new_section(name); }
    void set(const MetOption& option, const Draft::RepeatedSection& section, std::string_view name, const Texts& items,
             std::optional<Said> said = {});

    // No finding shows this text from now on, but what stands for it: a report is shown to others.
    void hide(std::string text, std::string instead);

    // policyd.checks has this one: "spf", "greylist".
    void use_check(std::string_view name);

    // Nothing is to be set for it: its row says why. An option without a row is a fault.
    void note(const MetOption& option);
    void note(const MetOption& option, Said said);

    // Not of an option, but of a file, a list or a line.
    void tell(const OldLine& at, Said said, std::string setting = {});
    void fault(const OldLine& at, std::string what, std::string option = {});

private:
    void push(Finding finding);
    void found(const MetOption& option, const Result<>& done, std::string setting, std::optional<Said> said);

    OldHost host_;
    OldPostfix postfix_;
    Draft draft_;
    std::vector<Finding> findings_;
    std::vector<std::string> checks_;
    std::vector<std::pair<std::string, std::string>> hidden_;
};

} // namespace postern
