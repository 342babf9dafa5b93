#include "config/migrate/key_file_rights.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {

TEST_CASE("a key file: its owner, its group, its mode and the folders above it")
{
    const auto user = ::geteuid();
    const auto group = ::getegid();
    struct Case {
        const char* name;
        mode_t mode;
        mode_t folder;
        KeyReader reader;
        const char* want_command;
    };
    const char* const file = "chown root:postern /keys/a.pem && chmod 0640 /keys/a.pem";
    const char* const folder = "chgrp postern /keys && chmod g+x /keys";
    const Case cases[] = {
        {"the daemon's own", 0600, 0700, {user, group}, ""},
        {"the daemon's own, for its group", 0640, 0750, {user, group}, ""},
        {"everybody reads it", 0644, 0755, {user, group}, file},
        {"its group writes it", 0660, 0755, {user, group}, file},
        {"another's", 0600, 0755, {user + 1, group + 1}, file},
        {"another's group", 0640, 0755, {user, group + 1}, file},
        {"there is no such account yet", 0600, 0711, {}, file},
        {"the folder lets nobody through", 0600, 0000, {user + 1, group + 1}, nullptr},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const ScratchFolder root;
        ::mkdir((root / "keys").c_str(), 0755);
        std::ofstream(root / "keys/a.pem") << "key";
        ::chmod((root / "keys/a.pem").c_str(), c.mode);
        ::chmod((root / "keys").c_str(), c.folder);
        if (c.folder == 0 && user != 0) // then we cannot look at it either
            continue;
        const auto rights = look_at_key_file(OldHost(root.path()), "/keys/a.pem", c.reader);
        CHECK(rights.is_there);
        CHECK(rights.problem.empty());
        CHECK(rights.command == (c.want_command ? std::string(c.want_command) : fmt::format("{} && {}", file, folder)));
        ::chmod((root / "keys").c_str(), 0755);
    }
}

TEST_CASE("a key file that cannot be one")
{
    const ScratchFolder root;
    ::mkdir((root / "folder").c_str(), 0755);
    CHECK(look_at_key_file(OldHost(root.path()), "/none.pem", {}).problem == "is not there");
    CHECK(look_at_key_file(OldHost(root.path()), "/folder", {}).problem == "is not a file");
}

TEST_CASE("a name that the shell would take apart is quoted")
{
    const ScratchFolder root;
    std::ofstream(root / "it's a key") << "key";
    ::chmod((root / "it's a key").c_str(), 0644);
    CHECK(look_at_key_file(OldHost(root.path()), "/it's a key", {}).command
          == "chown root:postern '/it'\\''s a key' && chmod 0640 '/it'\\''s a key'");
}

} // namespace postern
