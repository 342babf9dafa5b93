// postfix_files - main.cf and master.cf of one Postfix: tried out apart, then replaced
//
// Edits are made by Postfix's own postconf(1), on copies in a scratch folder,
// so that what stands in the files is understood as Postfix understands it.
// The files in force are replaced one by one, each by a rename, with the owner
// and the mode that they have.
// Failure: the Error names the file, or what the program said. replace() does
// nothing if a file has changed since it was read.
// See: postconf(1), postconf(5), master(5)
#pragma once

#include "common/result.h"
#include "config/postconf.h"
#include "config/run_program.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

struct PostfixTexts {
    std::string main_cf;
    std::string master_cf;

    bool operator==(const PostfixTexts&) const = default;
};

class PostfixFiles {
public:
    using Run = std::function<Result<ProgramAnswer>(const std::vector<std::string>& command)>;

    PostfixFiles(std::string directory, Run run);

    const std::string& directory() const { return directory_; }

    // The files in force, or copies beside them: "main.cf" and `suffix`.
    Result<PostfixTexts> read(std::string_view suffix = {}) const;
    bool has(std::string_view suffix) const;
    Result<> keep(std::string_view suffix, const PostfixTexts& texts) const;
    void forget(std::string_view suffix) const;

    Result<> replace(const PostfixTexts& was, const PostfixTexts& with) const;

    // What Postfix says of itself if it had these files.
    Result<PostfixConfig> understand(const PostfixTexts& texts) const;

    // With these parameters of main.cf ("name = value"), and these of services ("smtp/inet/name = value").
    Result<PostfixTexts> edit(const PostfixTexts& texts, const std::vector<std::string>& parameters,
                              const std::vector<std::string>& service_parameters) const;

    // Without these parameters of main.cf, and these services of master.cf ("policyd-spf/unix").
    Result<PostfixTexts> remove(const PostfixTexts& texts, const std::vector<std::string>& parameters,
                                const std::vector<std::string>& services) const;

    // `now`, with what led from `before` to `after` undone; what else has changed since stays (postfix_undo.h).
    Result<PostfixTexts> undo(const PostfixTexts& now, const PostfixTexts& before, const PostfixTexts& after) const;

    // As diff(1) writes it; empty: they are the same.
    Result<std::string> difference(const PostfixTexts& from, const PostfixTexts& to) const;

    // `postfix check`, and `postfix reload` if this Postfix runs.
    Result<> check() const;
    Result<bool> reload_if_running() const; // whether it runs

private:
    std::string path(std::string_view name, std::string_view suffix) const;
    Result<std::string> run(const std::vector<std::string>& command) const; // its output; not 0 is an Error

    std::string directory_;
    Run run_;
};

} // namespace postern
