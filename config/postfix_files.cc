#include "config/postfix_files.h"

#include "common/text.h"
#include "common/whole_file.h"
#include "config/main_cf.h"
#include "config/postfix_undo.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

namespace fs = std::filesystem;

struct File {
    PostfixFile kind;
    std::string_view name;
    std::string PostfixTexts::* text;
};
constexpr File files[] = {{PostfixFile::main_cf, "main.cf", &PostfixTexts::main_cf},
                          {PostfixFile::master_cf, "master.cf", &PostfixTexts::master_cf}};

Result<std::string> read_text(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail("{}: {}", path, std::strerror(errno));
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad())
        return fail("{}: cannot be read", path);
    return text;
}

// Owner and mode are those of `like`.
Result<> write_file(const std::string& path, std::string_view text, const std::string& like)
{
    struct stat status {};
    if (::stat(like.c_str(), &status) != 0)
        return fail("{}: {}", like, std::strerror(errno));
    return replace_file(path, text, {status.st_mode & 07777, status.st_gid, status.st_uid});
}

// A folder like /etc/postfix for programs to work on, gone with this object.
class TemporaryCopies {
public:
    static Result<TemporaryCopies> make()
    {
        std::error_code error;
        auto pattern = (fs::temp_directory_path(error) / "postern-postfix-XXXXXX").string();
        if (error || !::mkdtemp(pattern.data()))
            return fail("{}: {}", pattern, std::strerror(errno));
        return TemporaryCopies(std::move(pattern));
    }
    TemporaryCopies(TemporaryCopies&& other) noexcept
        : path_(std::exchange(other.path_, {}))
    {
    }
    TemporaryCopies& operator=(TemporaryCopies&&) = delete;
    ~TemporaryCopies()
    {
        std::error_code ignored;
        if (!path_.empty())
            fs::remove_all(path_, ignored);
    }

    const std::string& path() const { return path_; }

    Result<> write(const PostfixTexts& texts, std::string_view suffix = {}) const
    {
        for (const auto& file : files) {
            const auto path = fmt::format("{}/{}{}", path_, file.name, suffix);
            std::ofstream out(path, std::ios::binary);
            if (!(out << texts.*file.text).flush())
                return fail("{}: {}", path, std::strerror(errno));
        }
        return {};
    }

    Result<PostfixTexts> read() const
    {
        PostfixTexts texts;
        for (const auto& file : files) {
            auto text = read_text(fmt::format("{}/{}", path_, file.name));
            if (!text)
                return tl::unexpected(text.error());
            texts.*file.text = std::move(*text);
        }
        return texts;
    }

private:
    explicit TemporaryCopies(std::string path)
        : path_(std::move(path))
    {
    }

    std::string path_;
};

Result<TemporaryCopies> copies_of(const PostfixTexts& texts)
{
    auto copies = TemporaryCopies::make();
    if (!copies)
        return copies;
    if (auto written = copies->write(texts); !written)
        return tl::unexpected(written.error());
    return copies;
}

} // namespace

PostfixFiles::PostfixFiles(std::string directory, Run run)
    : directory_(std::move(directory))
    , run_(std::move(run))
{
}

// A link stays a link: what it points to is replaced.
std::string PostfixFiles::path(std::string_view name, std::string_view suffix) const
{
    const auto path = fmt::format("{}/{}", directory_, name);
    std::error_code error;
    const auto target = fs::canonical(path, error);
    return (error ? path : target.string()) + std::string(suffix);
}

Result<std::string> PostfixFiles::run(const std::vector<std::string>& command) const
{
    auto answer = run_(command);
    if (!answer)
        return tl::unexpected(answer.error());
    if (answer->status != 0)
        return fail("{}: {}", command.front(), printable(trim(answer->text)));
    return std::move(answer->text);
}

Result<PostfixTexts> PostfixFiles::read(std::string_view suffix) const
{
    PostfixTexts texts;
    for (const auto& file : files) {
        auto text = read_text(path(file.name, suffix));
        if (!text)
            return tl::unexpected(text.error());
        texts.*file.text = std::move(*text);
    }
    return texts;
}

bool PostfixFiles::has(std::string_view suffix) const
{
    for (const auto& file : files)
        if (::access(path(file.name, suffix).c_str(), F_OK) != 0)
            return false;
    return true;
}

Result<> PostfixFiles::keep(std::string_view suffix, const PostfixTexts& texts) const
{
    for (const auto& file : files)
        if (auto kept = write_file(path(file.name, suffix), texts.*file.text, path(file.name, {})); !kept)
            return kept;
    return {};
}

void PostfixFiles::forget(std::string_view suffix) const
{
    for (const auto& file : files)
        ::unlink(path(file.name, suffix).c_str());
}

Result<> PostfixFiles::replace(const PostfixTexts& was, const PostfixTexts& with) const
{
    const auto now = read();
    if (!now)
        return tl::unexpected(now.error());
    if (*now != was)
        return fail("{}: main.cf or master.cf has changed meanwhile; nothing was written", directory_);
    for (const auto& file : files) {
        if (was.*file.text == with.*file.text)
            continue;
        const auto in_force = path(file.name, {});
        if (auto written = write_file(in_force, with.*file.text, in_force); !written)
            return written;
    }
    return {};
}

Result<PostfixConfig> PostfixFiles::understand(const PostfixTexts& texts) const
{
    const auto copies = copies_of(texts);
    if (!copies)
        return tl::unexpected(copies.error());
    return ask_postconf(copies->path(), run_);
}

Result<PostfixTexts> PostfixFiles::edit(const PostfixTexts& texts, const std::vector<std::string>& parameters,
                                        const std::vector<std::string>& service_parameters) const
{
    const auto copies = copies_of(texts);
    if (!copies)
        return tl::unexpected(copies.error());
    const std::pair<const char*, const std::vector<std::string>*> edits[] = {
        {"-e", &parameters}, {"-P", &service_parameters}};
    for (const auto& [option, lines] : edits)
        for (const auto& line : *lines) // one by one: several new ones would be appended in any order
            if (const auto done = run({"postconf", "-c", copies->path(), option, line}); !done)
                return tl::unexpected(done.error());
    return copies->read();
}

Result<PostfixTexts> PostfixFiles::remove(const PostfixTexts& texts, const std::vector<std::string>& parameters,
                                          const std::vector<std::string>& services) const
{
    const auto copies = copies_of(texts);
    if (!copies)
        return tl::unexpected(copies.error());
    const std::pair<const char*, const std::vector<std::string>*> edits[] = {{"-X", &parameters}, {"-MX", &services}};
    for (const auto& [option, names] : edits)
        for (const auto& name : *names)
            if (const auto done = run({"postconf", "-c", copies->path(), option, name}); !done)
                return tl::unexpected(done.error());
    return copies->read();
}

Result<PostfixTexts> PostfixFiles::undo(const PostfixTexts& now, const PostfixTexts& before,
                                        const PostfixTexts& after) const
{
    PostfixTexts undone;
    for (const auto& file : files) {
        auto text = postern::undo(file.kind, now.*file.text, before.*file.text, after.*file.text);
        if (!text)
            return fail("{}: {}. Take Postern's entries out of it by hand, and remove {}/*-postern",
                        path(file.name, {}), text.error().what, directory_);
        undone.*file.text = std::move(*text);
    }
    return undone;
}

Result<std::string> PostfixFiles::difference(const PostfixTexts& from, const PostfixTexts& to) const
{
    const auto copies = copies_of(from);
    if (!copies)
        return tl::unexpected(copies.error());
    if (auto written = copies->write(to, ".new"); !written)
        return tl::unexpected(written.error());
    std::string text;
    for (const auto& file : files) {
        const auto copy = fmt::format("{}/{}", copies->path(), file.name);
        const auto in_force = path(file.name, {});
        const auto answer = run_({"diff", "-u", "--label", in_force, "--label", in_force, copy, copy + ".new"});
        if (!answer)
            return tl::unexpected(answer.error());
        if (answer->status > 1)
            return fail("diff: {}", printable(trim(answer->text)));
        text += answer->text;
    }
    return text;
}

Result<> PostfixFiles::check() const
{
    if (const auto checked = run({"postfix", "-c", directory_, "check"}); !checked)
        return tl::unexpected(checked.error());
    return {};
}

Result<bool> PostfixFiles::reload_if_running() const
{
    const auto status = run_({"postfix", "-c", directory_, "status"});
    if (!status)
        return tl::unexpected(status.error());
    if (status->status != 0)
        return false;
    if (const auto reloaded = run({"postfix", "-c", directory_, "reload"}); !reloaded)
        return tl::unexpected(reloaded.error());
    return true;
}

} // namespace postern
