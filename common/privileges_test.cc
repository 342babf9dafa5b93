#include "common/privileges.h"

#include <doctest/doctest.h>
#include <functional>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace postern {
namespace {

// Privileges do not come back, so each step is taken by a child. The number of its first fault; 0: none.
int in_child(const std::function<int()>& steps)
{
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0)
        ::_exit(steps());
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

std::string own_user()
{
    return ::getpwuid(::geteuid())->pw_name;
}

bool is_locked_up()
{
    return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

} // namespace

TEST_CASE("find_user and find_group")
{
    CHECK(find_user("root") == 0u);
    CHECK(find_group("root") == 0u);
    CHECK(find_user("nobody") == ::getpwnam("nobody")->pw_uid);
    CHECK(find_user("no-such-user").error().what == "there is no user \"no-such-user\"");
    CHECK(find_group("no-such-group").error().what == "there is no group \"no-such-group\"");
    CHECK_FALSE(find_user(""));
    CHECK_FALSE(find_group(""));
    CHECK(find_group_of("nobody", "root") == 0u);
    CHECK(find_group_of("nobody", "") == ::getpwnam("nobody")->pw_gid);
    CHECK_FALSE(find_group_of("no-such-user", ""));
}

TEST_CASE("unknown names stop before anything is changed")
{
    CHECK(drop_privileges("no-such-user", "").error().what == "there is no user \"no-such-user\"");
    CHECK(drop_privileges(own_user(), "no-such-group").error().what == "there is no group \"no-such-group\"");
    CHECK_FALSE(is_locked_up());
}

TEST_CASE("without a user we stay who we are, but can gain nothing")
{
    CHECK(in_child([] {
        const auto user = ::geteuid();
        if (drop_privileges("", "") != Privileges::unchanged)
            return 1;
        if (::geteuid() != user)
            return 2;
        return is_locked_up() ? 0 : 3;
    }) == 0);
}

TEST_CASE("root becomes another user, for good")
{
    if (::geteuid() != 0)
        return;
    CHECK(in_child([] {
        const auto* nobody = ::getpwnam("nobody");
        const uid_t uid = nobody->pw_uid;
        const gid_t gid = nobody->pw_gid;
        if (drop_privileges("nobody", "") != Privileges::dropped)
            return 1;
        if (::getuid() != uid || ::geteuid() != uid || ::getgid() != gid || ::getegid() != gid)
            return 2;
        std::vector<gid_t> groups(64);
        const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
        if (count != 1 || groups[0] != gid)
            return 3;
        if (::setuid(0) == 0 || ::setgid(0) == 0 || ::seteuid(0) == 0)
            return 4;
        if (!is_locked_up())
            return 5;
        return drop_privileges("nobody", "") == Privileges::unchanged ? 0 : 6; // again: already that user
    }) == 0);
}

TEST_CASE("root takes the group it is told")
{
    if (::geteuid() != 0)
        return;
    CHECK(in_child([] {
        const gid_t mail = ::getgrnam("mail")->gr_gid;
        if (drop_privileges("nobody", "mail") != Privileges::dropped)
            return 1;
        return ::getgid() == mail && ::getegid() == mail ? 0 : 2;
    }) == 0);
}

TEST_CASE("who is not root cannot become another")
{
    CHECK(in_child([] {
        if (::geteuid() == 0 && !drop_privileges("nobody", ""))
            return 1;
        const auto user = drop_privileges("root", "");
        if (user || user.error().what.find("only root can become user \"root\"") != 0)
            return 2;
        const auto group = drop_privileges(own_user(), "root");
        return !group && group.error().what.find("only root can take group 0") == 0 ? 0 : 3;
    }) == 0);
}

} // namespace postern
