#include "config/migrate/key_file_rights.h"

#include "common/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace postern {
namespace {

bool is_plain(char c)
{
    return is_alnum(c) || c == '/' || c == '.' || c == '_' || c == '-' || c == '%' || c == '@' || c == '+';
}

// As a word of the shell.
std::string shell_word(std::string_view path)
{
    if (std::all_of(path.begin(), path.end(), is_plain))
        return std::string(path);
    std::string word = "'";
    for (const char c : path)
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

bool is_as_wanted(const struct stat& status, const KeyReader& reader)
{
    const auto mode = status.st_mode & 0777;
    const bool is_of_daemon = reader.user && status.st_uid == *reader.user;
    if (is_of_daemon && (mode & 0077) == 0)
        return true;
    return (is_of_daemon || status.st_uid == 0) && reader.group && status.st_gid == *reader.group && (mode & 0037) == 0
        && (mode & 0040) != 0;
}

bool lets_through(const struct stat& status, const KeyReader& reader)
{
    const auto mode = status.st_mode;
    return (mode & 0001) != 0 || (reader.group && status.st_gid == *reader.group && (mode & 0010) != 0)
        || (reader.user && status.st_uid == *reader.user && (mode & 0100) != 0);
}

} // namespace

KeyFileRights look_at_key_file(const OldHost& host, const std::string& path, const KeyReader& reader)
{
    struct stat status{};
    KeyFileRights rights;
    if (::stat(host.real_path(path).c_str(), &status) != 0) {
        rights.problem = errno == ENOENT ? "is not there" : std::strerror(errno);
        return rights;
    }
    rights.is_there = true;
    if (!S_ISREG(status.st_mode)) {
        rights.problem = "is not a file";
        return rights;
    }
    if (!is_as_wanted(status, reader))
        rights.command = fmt::format("chown root:postern {0} && chmod 0640 {0}", shell_word(path));
    for (auto folder = std::filesystem::path(path).parent_path(); folder.has_relative_path(); folder = folder.parent_path())
        if (::stat(host.real_path(folder.string()).c_str(), &status) == 0 && !lets_through(status, reader))
            rights.command += fmt::format("{0}chgrp postern {1} && chmod g+x {1}", rights.command.empty() ? "" : " && ",
                                          shell_word(folder.string()));
    return rights;
}

} // namespace postern
