#include "config/migrate/old_host.h"

#include "common/read_file.h"
#include "common/text.h"

#include <algorithm>
#include <deque>
#include <filesystem>

namespace postern {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t old_file_limit = 1 << 20;
constexpr int most_links = 40; // as Linux has it

void prepend_parts(std::deque<std::string>& parts, std::string_view path)
{
    const auto more = split(path, '/');
    parts.insert(parts.begin(), more.begin(), more.end());
}

} // namespace

OldHost::OldHost(std::string root)
    : root_(std::move(root))
{
    while (root_.ends_with('/'))
        root_.pop_back();
}

std::string OldHost::real_path(std::string_view path) const
{
    std::deque<std::string> parts;
    prepend_parts(parts, path);
    fs::path at = "/";
    for (int links = 0; !parts.empty();) {
        const auto part = std::move(parts.front());
        parts.pop_front();
        if (part.empty() || part == ".")
            continue;
        if (part == "..") { // never above the root
            at = at.parent_path();
            continue;
        }
        std::error_code error;
        const auto target = fs::read_symlink(root_ + (at / part).string(), error);
        if (error || ++links > most_links) { // no link
            at /= part;
            continue;
        }
        if (target.is_absolute())
            at = "/";
        prepend_parts(parts, target.string());
    }
    return root_ + at.string();
}

bool OldHost::has(std::string_view path) const
{
    std::error_code error;
    return fs::exists(real_path(path), error);
}

bool OldHost::has_folder(std::string_view path) const
{
    std::error_code error;
    return fs::is_directory(real_path(path), error);
}

Result<std::string> OldHost::read(std::string_view path) const
{
    const auto real = real_path(path);
    auto text = read_file(real, old_file_limit);
    if (!text && text.error().what.starts_with(real))
        return fail("{}{}", path, text.error().what.substr(real.size()));
    return text;
}

std::vector<std::string> OldHost::files_in(std::string_view folder, std::string_view suffix) const
{
    std::vector<std::string> files;
    std::error_code error;
    for (fs::directory_iterator it(real_path(folder), error), end; !error && it != end; it.increment(error))
        if (const auto name = it->path().filename().string(); name.ends_with(suffix))
            files.push_back(fmt::format("{}/{}", folder, name));
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace postern
