#include "milterd/dkim_key_file.h"

#include "common/privileges.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

namespace postern {
namespace {

std::optional<gid_t> own_group_of(uid_t user)
{
    const passwd* entry = ::getpwuid(user); // at start and at reload only, by one thread
    return entry != nullptr ? std::optional(entry->pw_gid) : std::nullopt;
}

} // namespace

KeyFileRules key_file_rules(const Config& config)
{
    KeyFileRules rules;
    rules.is_strict = config.dkim.require_safe_keys;
    const auto& daemon = config.milterd;
    if (!daemon.user.empty())
        if (const auto user = find_user(daemon.user))
            rules.user = *user;
    if (!daemon.group.empty()) {
        if (const auto group = find_group(daemon.group))
            rules.group = *group;
    } else if (rules.user) {
        rules.group = own_group_of(*rules.user);
    }
    return rules;
}

std::string check_key_file(const struct stat& status, const KeyFileRules& rules)
{
    const auto mode = static_cast<unsigned>(status.st_mode & 07777);
    constexpr auto advice = "chown it to root, chgrp it to the daemon's group and chmod 0640; or chmod 0600 for an owner "
                            "who is the daemon";
    const bool is_of_daemon = status.st_uid == rules.user || status.st_uid == ::geteuid();
    if (status.st_uid != 0 && !is_of_daemon)
        return fmt::format("belongs to user {}, who is neither root nor the daemon: {}", status.st_uid, advice);
    if ((mode & S_IRWXO) != 0)
        return fmt::format("can be read or written by everybody (mode {:04o}): {}", mode, advice);
    const bool is_our_group = status.st_gid == rules.group || status.st_gid == ::getegid() || status.st_gid == 0;
    if ((mode & S_IRWXG) != 0 && !is_our_group)
        return fmt::format("can be read or written by group {} (mode {:04o}): {}", status.st_gid, mode, advice);
    if ((mode & S_IWGRP) != 0)
        return fmt::format("can be written by its group (mode {:04o}): {}", mode, advice);
    return "";
}

} // namespace postern
