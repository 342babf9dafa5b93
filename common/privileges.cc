#include "common/privileges.h"

#include <cerrno>
#include <cstring>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

namespace postern {
namespace {

constexpr std::size_t entry_limit = 1 << 20; // octets of one entry of the user or group database

struct User {
    std::string name;
    uid_t uid;
    gid_t gid;
};

// getpwnam_r(3), getgrnam_r(3): the caller guesses how much room the entry needs.
// 0 with `*found` null: there is none of that name.
template <class Entry, class Lookup>
int look_up(Lookup lookup, const std::string& name, Entry& entry, std::vector<char>& buffer, Entry*& found)
{
    int error;
    for (buffer.resize(1024); (error = lookup(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE
         && buffer.size() < entry_limit;)
        buffer.resize(buffer.size() * 2);
    return error;
}

Result<User> look_up_user(const std::string& name)
{
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer;
    if (const int error = look_up(getpwnam_r, name, entry, buffer, found); error != 0)
        return fail("cannot look up the user \"{}\": {}", name, std::strerror(error));
    if (!found)
        return fail("there is no user \"{}\"", name);
    return User{name, entry.pw_uid, entry.pw_gid};
}

// What holds whoever we are: exec of a set-user-ID program gains nothing, and
// no other process of the same user reads our memory (keys are in it).
Result<> close_the_way_back()
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail("cannot forbid new privileges: {}", std::strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail("cannot switch off core dumps: {}", std::strerror(errno));
    return {};
}

Result<> become(const User& user, gid_t gid)
{
    if (initgroups(user.name.c_str(), gid) != 0)
        return fail("cannot take the groups of user \"{}\": {}", user.name, std::strerror(errno));
    if (setresgid(gid, gid, gid) != 0)
        return fail("cannot take group {}: {}", gid, std::strerror(errno));
    if (setresuid(user.uid, user.uid, user.uid) != 0)
        return fail("cannot become user \"{}\": {}", user.name, std::strerror(errno));
    if (user.uid != 0 && (setuid(0) == 0 || seteuid(0) == 0))
        return fail("became user \"{}\", but could become root again", user.name);
    return {};
}

} // namespace

Result<uid_t> find_user(const std::string& name)
{
    const auto user = look_up_user(name);
    if (!user)
        return tl::unexpected(user.error());
    return user->uid;
}

Result<gid_t> find_group(const std::string& name)
{
    group entry{};
    group* found = nullptr;
    std::vector<char> buffer;
    if (const int error = look_up(getgrnam_r, name, entry, buffer, found); error != 0)
        return fail("cannot look up the group \"{}\": {}", name, std::strerror(error));
    if (!found)
        return fail("there is no group \"{}\"", name);
    return entry.gr_gid;
}

Result<gid_t> find_group_of(const std::string& user_name, const std::string& group_name)
{
    if (!group_name.empty())
        return find_group(group_name);
    const auto user = look_up_user(user_name);
    if (!user)
        return tl::unexpected(user.error());
    return user->gid;
}

Result<Privileges> drop_privileges(const std::string& user_name, const std::string& group_name)
{
    auto privileges = Privileges::unchanged;
    if (!user_name.empty()) {
        const auto user = look_up_user(user_name);
        if (!user)
            return tl::unexpected(user.error());
        const auto gid = group_name.empty() ? Result<gid_t>(user->gid) : find_group(group_name);
        if (!gid)
            return tl::unexpected(gid.error());

        if (geteuid() == 0) {
            if (const auto became = become(*user, *gid); !became)
                return tl::unexpected(became.error());
            privileges = Privileges::dropped;
        } else if (geteuid() != user->uid) {
            return fail("only root can become user \"{}\"; this process is user {}", user_name, geteuid());
        } else if (getegid() != *gid) {
            return fail("only root can take group {}; this process is user \"{}\" with group {}", *gid, user_name, getegid());
        }
    }
    if (const auto closed = close_the_way_back(); !closed)
        return tl::unexpected(closed.error());
    return privileges;
}

} // namespace postern
