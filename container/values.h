// values - what the environment says, read by the table of variables
//
//     MAILNAME=mail.example.com
//     SMTPD_USERS_FILE=/run/secrets/users     the value is in a file; one newline at its end is not of it
//
// An empty value is none. Names that the table does not know are left alone,
// but those that look like one of it, or bear the prefix of a manual, are told.
// Pure: files are read by `read_file`.
// Failure: all faults at once. A file that cannot be read, both forms of one
// name, two names of one thing with different values, and a value that is not
// of its kind are faults; each names the variables, and no secret is shown.
#pragma once

#include "config/environment.h"
#include "container/variable.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class Values {
public:
    // Of the name, or of another that means the same. Lists come as they are written.
    std::optional<std::string> find(std::string_view name) const;

    std::string text(std::string_view name, std::string_view fallback = {}) const;
    bool flag(std::string_view name, bool fallback) const;
    std::vector<std::string> list(std::string_view name) const; // split at commas, blanks and line ends
    std::vector<std::string> entries(std::string_view name) const; // split at commas and line ends alone

    bool has(std::string_view name) const { return find(name).has_value(); }
    bool is_written(std::string_view name) const; // under this very name

private:
    friend struct ReadValues read_values(const Environment& environment, const ReadFile& read_file);

    Environment written_; // by the names as they are set, without _FILE
};

struct ReadValues {
    Values values;
    std::vector<Error> faults;
    std::vector<std::string> warnings;
};

ReadValues read_values(const Environment& environment, const ReadFile& read_file);

// true, yes, on, 1 and false, no, off, 0, whatever the case.
Result<bool> read_flag(std::string_view text);

} // namespace postern
