#include "config/enable.h"

#include "config/read_config.h"
#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace postern {
namespace {

namespace fs = std::filesystem;

const std::string main_cf_text = "# The operator's own words\nmyhostname = mx.example.org\n"
                                 "smtpd_recipient_restrictions =\n    permit_mynetworks,\n    reject_unauth_destination\n";
const std::string master_cf_text = "smtp      inet  n       -       y       -       -       smtpd\n";

void write(const std::string& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary) << text;
}

std::string read(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

LoadedHost host()
{
    const auto loaded = read_config({"t", ""});
    REQUIRE(loaded);
    return {*loaded, {}};
}

// A folder as /etc/postfix is, with postconf(1), and diff(1) themselves; postfix(1) is played.
class PostfixFolder {
public:
    PostfixFolder()
    {
        write(main_cf(), main_cf_text);
        write(master_cf(), master_cf_text);
    }

    std::string main_cf(const char* suffix = "") const { return folder_ / "main.cf" + suffix; }
    std::string master_cf() const { return folder_ / "master.cf"; }
    PostfixFiles files()
    {
        return {folder_.path(), [this](const auto& command) -> Result<ProgramAnswer> {
                    if (command.front() != "postfix")
                        return run_program(command);
                    asked_for_ += " " + command.back();
                    return command.back() == "check" ? check : status;
                }};
    }
    std::string asked_for() { return std::exchange(asked_for_, {}); }

    ProgramAnswer check{0, ""};
    ProgramAnswer status{0, ""};

private:
    ScratchFolder folder_;
    std::string asked_for_;
};

bool has_postconf()
{
    const auto answer = run_program({"postconf", "-d", "mail_version"});
    return answer && answer->status == 0;
}

Result<PostfixChanged> enable(PostfixFolder& folder)
{
    const auto change = plan_enable(folder.files(), host());
    if (!change)
        return tl::unexpected(change.error());
    return make_change(folder.files(), *change);
}

Result<PostfixChanged> disable(PostfixFolder& folder)
{
    const auto change = plan_disable(folder.files());
    if (!change)
        return tl::unexpected(change.error());
    return make_change(folder.files(), *change);
}

} // namespace

TEST_SUITE("enable" * doctest::skip(!has_postconf()))
{
TEST_CASE("a plan shows what it will do and does nothing")
{
    PostfixFolder folder;
    const auto change = plan_enable(folder.files(), host());
    REQUIRE(change);
    CHECK(change->difference.find("\n+smtpd_milters = { unix:postern/milter") != std::string::npos);
    CHECK(change->difference.find(folder.main_cf()) != std::string::npos);
    CHECK(change->difference.find("master.cf") == std::string::npos);
    CHECK(read(folder.main_cf()) == main_cf_text);
    CHECK_FALSE(is_enabled(folder.files()));
    CHECK(folder.asked_for().empty());
}

TEST_CASE("enabled and disabled, the files are octet by octet what they were")
{
    PostfixFolder folder;
    fs::permissions(folder.main_cf(), fs::perms(0640));
    const auto enabled = enable(folder);
    REQUIRE(enabled);
    CHECK(enabled->was_reloaded);
    CHECK(folder.asked_for() == " check status reload");
    CHECK(read(folder.main_cf()).find("check_policy_service { unix:postern/policy") != std::string::npos);
    CHECK(read(folder.main_cf(".before-postern")) == main_cf_text);
    CHECK(fs::status(folder.main_cf()).permissions() == fs::perms(0640));
    CHECK(fs::status(folder.main_cf(".before-postern")).permissions() == fs::perms(0640));

    REQUIRE(disable(folder));
    CHECK(read(folder.main_cf()) == main_cf_text);
    CHECK(read(folder.master_cf()) == master_cf_text);
    CHECK_FALSE(fs::exists(folder.main_cf(".before-postern")));
    CHECK_FALSE(fs::exists(folder.main_cf(".with-postern")));
}

TEST_CASE("enabled twice, there is nothing to do, and the way back is the same")
{
    PostfixFolder folder;
    REQUIRE(enable(folder));
    const auto again = plan_enable(folder.files(), host());
    REQUIRE(again);
    CHECK(again->difference.empty());
    REQUIRE(make_change(folder.files(), *again));
    REQUIRE(disable(folder));
    CHECK(read(folder.main_cf()) == main_cf_text);
}

TEST_CASE("what the operator has written meanwhile stays")
{
    PostfixFolder folder;
    REQUIRE(enable(folder));
    const auto text = read(folder.main_cf());
    write(folder.main_cf(), text + "message_size_limit = 1000000\n");
    REQUIRE(disable(folder));
    CHECK(read(folder.main_cf()) == main_cf_text + "message_size_limit = 1000000\n");
}

TEST_CASE("where the operator has changed what Postern wrote, nothing is taken back, and it is said why")
{
    PostfixFolder folder;
    REQUIRE(enable(folder));
    auto text = read(folder.main_cf());
    const auto at = text.find("connect_timeout=10s");
    REQUIRE(at != std::string::npos);
    text.replace(at, 19, "connect_timeout=77s");
    write(folder.main_cf(), text);
    const auto disabled = disable(folder);
    REQUIRE_FALSE(disabled);
    CHECK(disabled.error().what.find(folder.main_cf()) != std::string::npos);
    CHECK(disabled.error().what.find("smtpd_milters") != std::string::npos);
    CHECK(read(folder.main_cf()) == text);
}

TEST_CASE("what was never enabled is not disabled")
{
    PostfixFolder folder;
    const auto disabled = disable(folder);
    REQUIRE_FALSE(disabled);
    CHECK(disabled.error().what.find("nothing to take back") != std::string::npos);
}

TEST_CASE("if Postfix does not like the new files, the old ones are back")
{
    PostfixFolder folder;
    folder.check = {1, "postfix: fatal: bad\n"};
    const auto enabled = enable(folder);
    REQUIRE_FALSE(enabled);
    CHECK(enabled.error().what.find("fatal: bad") != std::string::npos);
    CHECK(folder.asked_for() == " check");
    CHECK(read(folder.main_cf()) == main_cf_text);
    CHECK_FALSE(is_enabled(folder.files()));
}

TEST_CASE("if somebody writes between the plan and its carrying out, nothing is done")
{
    PostfixFolder folder;
    const auto change = plan_enable(folder.files(), host());
    REQUIRE(change);
    write(folder.main_cf(), main_cf_text + "mynetworks = 10.0.0.0/8\n");
    const auto made = make_change(folder.files(), *change);
    REQUIRE_FALSE(made);
    CHECK(made.error().what.find("has changed meanwhile") != std::string::npos);
    CHECK(read(folder.main_cf()) == main_cf_text + "mynetworks = 10.0.0.0/8\n");
    CHECK_FALSE(is_enabled(folder.files()));
}

TEST_CASE("a Postfix that does not run is not reloaded")
{
    PostfixFolder folder;
    folder.status = {1, "postfix: the Postfix mail system is not running\n"};
    const auto enabled = enable(folder);
    REQUIRE(enabled);
    CHECK_FALSE(enabled->was_reloaded);
    CHECK(folder.asked_for() == " check status");
}

TEST_CASE("a link stays a link")
{
    PostfixFolder folder;
    ScratchFolder elsewhere;
    fs::rename(folder.main_cf(), elsewhere / "main.cf");
    fs::create_symlink(elsewhere / "main.cf", folder.main_cf());
    REQUIRE(enable(folder));
    CHECK(fs::is_symlink(folder.main_cf()));
    CHECK(read(elsewhere / "main.cf").find("postern/policy") != std::string::npos);
}

TEST_CASE("a folder without the files is named")
{
    ScratchFolder folder;
    const PostfixFiles files(folder.path(), [](const auto& command) { return run_program(command); });
    const auto change = plan_enable(files, host());
    REQUIRE_FALSE(change);
    CHECK(change.error().what.find(folder / "main.cf") != std::string::npos);
}
}

TEST_CASE("what the old programs leave behind in master.cf goes after the switch, and comes back")
{
    if (!has_postconf())
        return;
    PostfixFolder folder;
    const auto main_cf = main_cf_text + "    check_policy_service unix:private/policyd-spf\npolicyd-spf_time_limit = 3600\n";
    const auto master_cf = master_cf_text + "policyd-spf unix - n n - 0 spawn\n  user=policyd-spf argv=/usr/bin/policyd-spf\n"
        + "submission inet n - y - - smtpd\n  -o smtpd_milters=local:clamav/clamav-milter.ctl\n";
    write(folder.main_cf(), main_cf);
    write(folder.master_cf(), master_cf);
    const auto files = folder.files();
    auto clamav = read_config({"t", "[clamav]\nenable = true\n"});
    REQUIRE(clamav);

    const auto change = plan_enable(files, {*clamav, {}});
    REQUIRE(change);
    CHECK(change->wanted.master_cf.find("spawn") != std::string::npos); // sessions that have begun ask it
    CHECK(change->wanted.master_cf.find("-o smtpd_milters={unix:postern/milter,") != std::string::npos);
    CHECK(change->wanted.master_cf.find("clamav-milter.ctl") == std::string::npos);
    REQUIRE(make_change(files, *change));
    const auto old = left_behind(files, *change);
    REQUIRE(old);
    const auto removal = plan_removal(files, *change, *old);
    REQUIRE(removal);
    CHECK(removal->wanted.master_cf.find("spawn") == std::string::npos);
    CHECK(removal->wanted.main_cf.find("time_limit") == std::string::npos);
    REQUIRE(make_change(files, *removal));

    const auto back = plan_disable(files);
    REQUIRE(back);
    REQUIRE(make_change(files, *back));
    CHECK(read(folder.main_cf()) == main_cf);
    CHECK(read(folder.master_cf()) == master_cf);
}

} // namespace postern
