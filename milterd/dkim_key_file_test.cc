#include "milterd/dkim_key_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace postern {

TEST_CASE("check_key_file: root's or the daemon's, and the daemon's group")
{
    constexpr uid_t daemon_user = 12345, other_user = 12346;
    constexpr gid_t daemon_group = 12345, other_group = 12346;
    struct Case {
        const char* name;
        uid_t owner;
        gid_t group;
        mode_t mode;
        const char* want_begin; // empty: safe
    };
    const Case cases[] = {
        {"root's alone", 0, 0, 0600, ""},
        {"root's, and the daemon's group reads it", 0, daemon_group, 0640, ""},
        {"root's own group", 0, 0, 0640, ""},
        {"the daemon's alone", daemon_user, daemon_group, 0600, ""},
        {"read only", daemon_user, other_group, 0400, ""},
        {"this process's", ::geteuid(), other_group, 0600, ""},
        {"another group may read it", 0, other_group, 0640,
         "can be read or written by group 12346 (mode 0640): chown it to root, chgrp it"},
        {"the daemon's group may write it", 0, daemon_group, 0660, "can be written by its group (mode 0660): "},
        {"everybody", 0, daemon_group, 0644, "can be read or written by everybody (mode 0644): "},
        {"everybody may write, nobody read", 0, daemon_group, 0602, "can be read or written by everybody (mode 0602): "},
        {"somebody else's", other_user, daemon_group, 0600,
         "belongs to user 12346, who is neither root nor the daemon: "},
    };
    const KeyFileRules rules{true, daemon_user, daemon_group};
    for (const auto& c : cases) {
        CAPTURE(c.name);
        struct stat status{};
        status.st_uid = c.owner;
        status.st_gid = c.group;
        status.st_mode = S_IFREG | c.mode;
        const auto fault = check_key_file(status, rules);
        CAPTURE(fault);
        CHECK(fault.empty() == (*c.want_begin == '\0'));
        CHECK(fault.starts_with(c.want_begin));
    }
}

TEST_CASE("key_file_rules: accounts by their names, a user's own group, and names that are none")
{
    Config config;
    config.dkim.require_safe_keys = true;
    config.milterd.user = "root";
    auto rules = key_file_rules(config);
    CHECK(rules.is_strict);
    CHECK(rules.user == uid_t{0});
    CHECK(rules.group == gid_t{0});

    config.milterd.user = config.milterd.group = "nobody-has-this-name";
    config.dkim.require_safe_keys = false;
    rules = key_file_rules(config);
    CHECK(!rules.is_strict);
    CHECK(!rules.user);
    CHECK(!rules.group);
}

} // namespace postern
