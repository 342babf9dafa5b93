#include "container/volumes.h"

#include "common/text.h"
#include "config/migrate/list_reader.h"
#include "config/migrate/opendkim_tables.h"

#include <algorithm>
#include <fmt/ranges.h>

namespace postern {
namespace {

constexpr std::string_view key_folders[] = {"/etc/mail/dkim", "/etc/opendkim"};

struct List {
    std::string_view file, setting;
    ListOf kind;
};
constexpr List lists[] = {
    {user_client_list, "greylist.client_lists", ListOf::clients},
    {user_recipient_list, "greylist.recipient_lists", ListOf::recipients},
};

OldLine at(std::string_view program, std::string_view file)
{
    return {std::string(program), std::string(file)};
}

class VolumeReader {
public:
    VolumeReader(const Values& values, const Image& image, OldHost host)
        : values_(values)
        , image_(image)
        , migration_(std::move(host), {})
    {
    }

    std::string text()
    {
        signing();
        unnamed_keys();
        greylist();
        tables();
        return migration_.findings().empty() ? std::string() : report(migration_.findings());
    }

private:
    // An option that a variable of the environment stands for.
    std::optional<MetOption> option(std::string_view variable, std::string_view name, std::string_view fallback = {},
                                    std::string_view prefix = {}) const
    {
        const auto value = values_.text(variable, fallback);
        if (value.empty())
            return std::nullopt;
        return MetOption{at("opendkim", variable), concat({variable, "=", value}), std::string(name), concat({prefix, value})};
    }

    void signing()
    {
        if (!values_.flag("USE_DKIM", false) || (image_.copies.empty() && !values_.has("OPENDKIM_KEYTABLE")))
            return;
        OpendkimSigning signing;
        if (values_.has("OPENDKIM_KEYTABLE")) {
            signing.key_table = option("OPENDKIM_KEYTABLE", "KeyTable", {}, "refile:");
            signing.signing_table = option("OPENDKIM_SIGNINGTABLE", "SigningTable", {}, "refile:");
        } else {
            const bool is_relay = image_.profile == Profile::relay;
            signing.domain = option("DKIM_DOMAINS", "Domain", values_.text("MAILNAME"));
            signing.selector = option("DKIM_SELECTOR", "Selector", is_relay ? "mail" : "");
            signing.key_file = option("DKIM_KEYFILE", "KeyFile", image_.copies.front().from);
        }
        OpendkimTables(migration_, KeyFiles::copied).take(signing);
    }

    void unnamed_keys()
    {
        for (const auto folder : key_folders)
            for (const auto suffix : {".private", ".key", ".pem"})
                for (const auto& path : migration_.host().files_in(folder, suffix))
                    if (std::none_of(image_.copies.begin(), image_.copies.end(),
                                     [&](const SecretCopy& copy) { return copy.from == path; }))
                        migration_.tell(at("opendkim", path),
                                        {Fate::changed, values_.flag("USE_DKIM", false)
                                             ? "no variable and no row of the key table names it: nothing is signed by it"
                                             : "neither USE_DKIM nor ENABLE_OPENDKIM is true: nothing is signed by it"});
    }

    void greylist()
    {
        const auto& host = migration_.host();
        const bool is_on = values_.flag("ENABLE_POSTGREY", false);
        const Said unused{Fate::changed, "ENABLE_POSTGREY is not true: it is not looked at"};
        for (const auto& list : lists) {
            if (!host.has(list.file))
                continue;
            migration_.tell(at("postgrey", list.file),
                            is_on ? Said{Fate::kept, "is read at each start and by update_postgrey_whitelist"} : unused,
                            is_on ? std::string(list.setting) : "");
            read_list(migration_, "postgrey", std::string(list.file), list.kind);
        }
        if (host.has(postgrey_database) && !host.has(postgrey_import_mark))
            migration_.tell(at("postgrey", postgrey_database),
                            is_on ? Said{Fate::kept, "is taken over now, once: who was known there is not put off again. The "
                                                     "greylist is postern/greylist.sqlite in the same volume"}
                                  : unused);
    }

    void tables()
    {
        const auto known = table_files();
        for (const auto& path : migration_.host().files_in(tables_folder, "")) {
            const auto name = path.substr(path.rfind('/') + 1);
            const auto table = std::find_if(known.begin(), known.end(),
                                            [&](const TableFile& file) { return name == file.name || name == concat({file.name, ".db"}); });
            if (table == known.end())
                migration_.tell(at("Postfix", path), {Fate::refused, concat({"no table has this name, so nobody reads it: those of the "
                                                                            "image are ", names_of(known)})});
            else if (name == table->name)
                migration_.tell(at("Postfix", path), {Fate::kept, fmt::format("is read at each start and by {}", table->command)});
        }
        if (migration_.host().has(user_aliases))
            migration_.tell(at("Postfix", user_aliases), {Fate::kept, "is read at each start and by update_aliases, before the "
                                                                     "aliases of the image"});
    }

    static std::string names_of(const std::vector<TableFile>& files)
    {
        std::vector<std::string_view> names;
        for (const auto& file : files)
            names.push_back(file.name);
        return fmt::format("{}", fmt::join(names, ", "));
    }

    const Values& values_;
    const Image& image_;
    Migration migration_;
};

} // namespace

std::string report_on_volumes(const Values& values, const Image& image, OldHost host)
{
    return VolumeReader(values, image, std::move(host)).text();
}

} // namespace postern
