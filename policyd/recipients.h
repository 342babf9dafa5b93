// recipients - all that the check of recipients stands on, put together
//
// The directories of [[ldap]], what they said, who tries addresses, and the
// operator's table. read() is for --check too: it reads files and connects to
// nobody; start() does. A reload that changes nothing here keeps all of it but
// the table, which may be another under the same name.
// Config: [recipient], [[ldap]]
// Log: event=ldap directory=... state=down|ready error=..., event=ldap_server the same of one server,
//      event=recipient_access state=ready|kept error=...
#pragma once

#include "common/ldap/ldap_options.h"
#include "common/log.h"
#include "config/config.h"
#include "policyd/recipient_check.h"
#include "policyd/recipient_file.h"

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern {

class Recipients {
public:
    struct DirectorySource {
        LdapOptions options;
        Texts domains; // A-labels in lower case

        bool operator==(const DirectorySource&) const = default;
    };

    // What the configuration and the files that it names say.
    struct Source {
        RecipientSettings settings;
        std::vector<DirectorySource> directories;

        bool operator==(const Source&) const = default;
    };
    using ReadTextFile = std::function<Result<std::string>(const std::string& path)>;
    static Result<Source> read(const Config& config, const ReadTextFile& read_file);

    // What is odd about the files of the configuration, but harmless.
    static std::vector<std::string> warnings(const Config& config, const ReadTextFile& read_file);

    // `io` and `log` outlive it.
    Recipients(asio::io_context& io, Source source, Log& log);

    // Connects, the first time. `table`: as RecipientFile::read() gave it, if the settings name a file.
    void start(std::optional<RecipientFile::Snapshot> table);

    std::unique_ptr<Check> make_check(std::shared_ptr<Recipients> self, std::shared_ptr<const TrustedClients> trusted) const;
    const Source& source() const { return source_; }
    void add_facts(Facts& facts) const;

private:
    void connect();
    void use(RecipientFile::Snapshot table);
    std::string trouble() const; // of the directories; empty: none

    asio::io_context& io_;
    Source source_;
    Log& log_;
    std::vector<std::shared_ptr<Directory>> directories_;
    std::shared_ptr<RecipientLookup> lookup_;
    std::shared_ptr<RecipientHarvest> harvest_;
    std::unique_ptr<RecipientFile> file_;
};

} // namespace postern
