#include "container/prepare.h"

#include "common/file_descriptor.h"
#include "common/host_name.h"
#include "common/ip_address.h"
#include "common/text.h"
#include "common/whole_file.h"
#include "config/run_program.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_limit = 8 << 20;
constexpr uid_t nobody_changes = static_cast<uid_t>(-1);

struct Account {
    uid_t uid = nobody_changes;
    gid_t gid = nobody_changes;
};

Account account(FileOwner owner)
{
    const char* const name = owner == FileOwner::postern ? "postern"
        : owner == FileOwner::postfix                    ? "postfix"
        : owner == FileOwner::clamav                     ? "clamav"
                                                         : "root";
    const auto* const user = ::getpwnam(name);
    return user ? Account{user->pw_uid, user->pw_gid} : Account{};
}

gid_t group(const char* name)
{
    const auto* const found = ::getgrnam(name);
    return found ? found->gr_gid : nobody_changes;
}

Result<> write_file(const std::string& path, std::string_view text, const FileAccess& access)
{
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    return error ? fail("{}: {}", path, error.message()) : replace_file(path, text, access);
}

// Runs it and passes on what it says.
Result<> run(const std::vector<std::string>& command, const Say& say)
{
    const auto answer = run_program(command);
    if (!answer)
        return tl::unexpected(answer.error());
    for (const auto line : split(answer->text, '\n'))
        if (!trim(line).empty())
            say(fmt::format("{}: {}", fs::path(command.front()).filename().string(), printable(line)));
    return answer->status == 0 ? Result<>{} : fail("{} ended with status {}", command.front(), answer->status);
}

std::optional<std::string> text_of(const std::string& path)
{
    auto text = read_setting_file(path);
    return text ? std::optional(std::move(*text)) : std::nullopt;
}

// The addresses of the default routes, IPv4's from /proc/net/route.
std::vector<std::string> gateways()
{
    std::vector<std::string> found;
    std::ifstream file("/proc/net/route");
    for (std::string line; std::getline(file, line);) {
        const auto words = split_words(line); // interface, destination, gateway, ...
        if (words.size() < 3 || words[1] != "00000000" || words[2].size() != 8 || words[2] == "00000000")
            continue;
        const auto number = std::strtoul(std::string(words[2]).c_str(), nullptr, 16); // in the order of this machine
        std::array<std::uint8_t, 4> octets;
        const auto raw = static_cast<std::uint32_t>(number);
        std::memcpy(octets.data(), &raw, octets.size());
        found.push_back(IpAddress::v4(octets).text());
    }
    return found;
}

bool can_write_log()
{
    std::error_code error;
    fs::create_directories("/var/log/s6-maillog", error);
    return ::access("/var/log/s6-maillog", W_OK) == 0;
}

Result<> make_folder(const std::string& path, mode_t mode, uid_t uid, gid_t gid, const Say& say)
{
    std::error_code error;
    fs::create_directories(path, error);
    if (error)
        return fail("{}: {}", path, error.message());
    if (::chown(path.c_str(), uid, gid) != 0 || ::chmod(path.c_str(), mode) != 0)
        say(fmt::format("{}: {}", path, std::strerror(errno))); // a mount may not allow it, and may be right already
    return {};
}

// A volume of another image, or of an older one, whose users have other numbers: Postfix would not touch its mail.
void adopt(const std::string& path, uid_t uid, const Say& say)
{
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid == uid)
        return;
    std::error_code error;
    std::size_t count = 0;
    for (fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error), end;
         !error && it != end; it.increment(error))
        count += ::lchown(it->path().c_str(), uid, nobody_changes) == 0 ? 1 : 0;
    if (::lchown(path.c_str(), uid, nobody_changes) == 0 && count > 0)
        say(fmt::format("{}: {} files of user {} are user {}'s now", path, count, status.st_uid, uid));
}

Result<> make_certificate(const Image& image, const Say& say)
{
    const auto key = fmt::format("{}/snakeoil.key", secret_folder);
    const auto certificate = fmt::format("{}/snakeoil.pem", secret_folder);
    if (!image.needs_certificate || fs::exists(certificate))
        return {};
    auto name = host_name();
    for (const auto& file : image.files) // of main.cf
        if (file.path.ends_with("/main.cf"))
            if (const auto at = file.text.find("myhostname = "); at != std::string::npos)
                name = file.text.substr(at + 13, file.text.find('\n', at) - at - 13);
    const auto answer = run_program({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "3650",
                                     "-subj", "/CN=" + name.substr(0, 64), "-addext", "subjectAltName=DNS:" + name, "-keyout", key,
                                     "-out", certificate});
    if (!answer || answer->status != 0)
        return fail("cannot make a self-signed certificate: {}", answer ? printable(answer->text) : answer.error().what);
    ::chmod(key.c_str(), 0600);
    say(fmt::format("made a self-signed certificate for {}", name));
    return {};
}

// Each user with its password on saslpasswd2's stdin, from a file that is gone afterwards.
Result<> write_logins(const Image& image, const Say& say)
{
    const auto database = fmt::format("{}/sasldb2", sasl_folder);
    const auto fresh = database + ".new";
    const auto password = fmt::format("{}/password", sasl_folder);
    ::unlink(fresh.c_str());
    Result<> result;
    for (const auto& user : image.sasl_users) {
        result = write_file(password, user.password, {});
        if (result)
            result = run({"sh", "-c", "exec saslpasswd2 -p -c -f \"$1\" -u \"$2\" \"$3\" <\"$4\"", "sh", fresh, user.realm,
                          user.name, password}, say);
        if (!result)
            break;
    }
    ::unlink(password.c_str());
    if (!result || image.sasl_users.empty())
        return result;
    const auto postfix = account(FileOwner::postfix);
    if (::chown(fresh.c_str(), 0, postfix.gid) != 0 || ::chmod(fresh.c_str(), 0640) != 0
        || ::rename(fresh.c_str(), database.c_str()) != 0)
        return fail("{}: {}", database, std::strerror(errno));
    return {};
}

Result<> make_maps(const Say& say)
{
    if (const auto made = run({"postalias", fmt::format("hash:{}/aliases", postfix_folder)}, say); !made)
        return made;
    for (const auto& table : table_files()) {
        const auto path = fmt::format("{}/{}", postfix_folder, table.name);
        if (table.name.ends_with(".hash") && fs::exists(path))
            if (const auto made = run({"postmap", "hash:" + path}, say); !made)
                return made;
    }
    return {};
}

} // namespace

Environment whole_environment(const char* const* environ)
{
    Environment environment;
    for (; *environ; ++environ) {
        const std::string_view entry(*environ);
        if (const auto equals = entry.find('='); equals != std::string_view::npos)
            environment.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return environment;
}

Result<std::string> read_setting_file(const std::string& path)
{
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char octets[8192];
    ssize_t size = file ? 1 : -1;
    while (file && text.size() <= file_limit && (size = ::read(file.get(), octets, sizeof octets)) > 0)
        text.append(octets, static_cast<std::size_t>(size));
    if (size < 0)
        return fail("{}: {}", path, std::strerror(errno));
    if (text.size() > file_limit)
        return fail("{}: is larger than {} octets", path, file_limit);
    return text;
}

Surroundings look_around()
{
    Surroundings surroundings;
    surroundings.host_name = host_name();
    surroundings.gateways = gateways();
    for (const auto& table : table_files())
        if (fs::exists(fmt::format("{}/{}", postfix_folder, table.name)))
            surroundings.tables.emplace(table.name);
    surroundings.recipient_access = text_of(fmt::format("{}/recipient_access.hash", postfix_folder));
    surroundings.local_aliases = text_of(std::string(user_aliases));
    surroundings.has_clamd = ::access("/usr/sbin/clamd", X_OK) == 0;
    surroundings.can_keep_log = can_write_log();
    return surroundings;
}

Result<> take_table(std::string_view name)
{
    const auto from = fmt::format("{}/{}", tables_folder, name);
    const auto to = fmt::format("{}/{}", postfix_folder, name);
    if (!fs::exists(from)) {
        for (const auto* const suffix : {"", ".db"})
            ::unlink((to + suffix).c_str());
        return {};
    }
    const auto text = read_setting_file(from);
    return text ? write_file(to, *text, {0644}) : tl::unexpected(text.error());
}

Result<> make_folders(const Image& image, const Say& say)
{
    const auto postern = account(FileOwner::postern);
    const auto postfix = account(FileOwner::postfix);
    const auto clamav = account(FileOwner::clamav);
    const auto postdrop = group("postdrop");
    const struct {
        std::string path;
        mode_t mode;
        uid_t uid;
        gid_t gid;
    } folders[] = {
        {std::string(run_folder), 0755, 0, 0},
        {std::string(postfix_folder), 0755, 0, 0},
        {std::string(service_folder), 0755, 0, 0},
        {std::string(socket_folder), 0750, postern.uid, postfix.gid}, // smtpd(8) passes, others do not
        {std::string(secret_folder), 0711, 0, 0},
        {std::string(sasl_folder), 0750, 0, postfix.gid},
        {"/var/lib/postfix", 0755, postfix.uid, postfix.gid},
        {"/var/spool/postfix", 0755, 0, 0},
        {"/var/spool/postfix/maildrop", 01730, postfix.uid, postdrop}, // postfix check(1) makes these with other modes
        {"/var/spool/postfix/public", 02710, postfix.uid, postdrop},
        {"/var/spool/postfix/postern", 0750, postern.uid, postern.gid},
    };
    for (const auto* const queue : {"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                                    "saved", "trace"})
        adopt(fmt::format("/var/spool/postfix/{}", queue), postfix.uid, say);
    adopt("/var/spool/postfix/postern", postern.uid, say);
    adopt("/var/lib/postfix", postfix.uid, say);
    for (const auto& folder : folders)
        if (const auto made = make_folder(folder.path, folder.mode, folder.uid, folder.gid, say); !made)
            return made;
    for (const auto& file : image.files)
        if (file.path == "/run/postern/clamd.conf") {
            if (const auto made = make_folder("/run/clamav", 0750, clamav.uid, postern.gid, say); !made)
                return made;
            adopt("/var/lib/clamav", clamav.uid, say);
            return make_folder("/var/lib/clamav", 0755, clamav.uid, clamav.gid, say);
        }
    return {};
}

Result<> write_image(const Image& image, const Say& say)
{
    for (const auto& file : image.files) {
        FileAccess access{static_cast<mode_t>(file.mode)};
        if (file.owner != FileOwner::root) // root's to write, and the daemon's group's to read
            access.group = account(file.owner).gid;
        if (const auto written = write_file(file.path, file.text, access); !written)
            return written;
    }
    for (const auto& copy : image.copies) {
        const auto text = read_setting_file(copy.from);
        if (!text) { // mail of its domain is then deferred, not sent without a signature
            say(text.error().what);
            continue;
        }
        if (const auto written = write_file(copy.to, *text, {0640, account(FileOwner::postern).gid}); !written)
            return written;
    }
    // A file that must be there, even if the list was never fetched.
    const FileDescriptor list(::open(std::string(fetched_client_list).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (list && ::fchown(list.get(), account(FileOwner::postfix).uid, nobody_changes) != 0)
        say(fmt::format("{}: {}", fetched_client_list, std::strerror(errno)));
    if (const auto made = make_certificate(image, say); !made)
        return made;
    if (const auto written = write_logins(image, say); !written)
        return written;
    return make_maps(say);
}

} // namespace postern
