#include "config/settings.h"

#include "config/read_config.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern {
namespace {

constexpr std::size_t setting_file_limit = 1 << 20;

// Reads from whatever `path` is: a file, a mounted secret, a pipe.
Result<std::string> read_whole(const std::string& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail("{}: {}", path, std::strerror(errno));
    std::string content;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = ::read(fd, buffer, sizeof buffer)) > 0 && content.size() <= setting_file_limit)
        content.append(buffer, static_cast<std::size_t>(size));
    const int error = size < 0 ? errno : 0;
    ::close(fd);
    if (error != 0)
        return fail("{}: {}", path, std::strerror(error));
    if (content.size() > setting_file_limit)
        return fail("{}: larger than {} octets", path, setting_file_limit);
    return content;
}

bool is_readable_by_all(const std::string& path)
{
    struct stat file{};
    return ::stat(path.c_str(), &file) == 0 && (file.st_mode & S_IROTH) != 0;
}

bool does_not_exist(const std::string& path)
{
    return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT;
}

bool is_of(ReadBy read_by, Daemon daemon)
{
    switch (read_by) {
    case ReadBy::both:
        return true;
    case ReadBy::policyd:
        return daemon == Daemon::policyd;
    case ReadBy::milterd:
        return daemon == Daemon::milterd;
    }
    return true;
}

} // namespace

tl::expected<LoadedConfig, std::vector<Error>> load_config(const std::string& path, const Environment& environment,
                                                           std::string_view instance)
{
    ConfigSource source{path, "", environment, read_whole};
    const bool is_missing_default = path == default_config_path && does_not_exist(path);
    if (!path.empty() && !is_missing_default) {
        auto toml = read_whole(path);
        if (!toml)
            return tl::unexpected(std::vector<Error>{toml.error()});
        source.toml = std::move(*toml);
        source.is_readable_by_all = is_readable_by_all(path);
    }
    auto loaded = read_config(source, instance);
    if (loaded && is_missing_default)
        loaded->warnings.insert(loaded->warnings.begin(), fmt::format("{}: is not there; the defaults are used", path));
    return loaded;
}

tl::expected<LoadedHost, std::vector<Error>> load_host(const std::string& path, const Environment& environment)
{
    auto base = load_config(path, environment);
    if (!base)
        return tl::unexpected(base.error());
    LoadedHost host{std::move(*base), {}};
    for (const auto& name : host.base.instances) {
        auto instance = load_config(path, environment, name);
        if (!instance) // the file has changed meanwhile
            return tl::unexpected(instance.error());
        host.instances.push_back({name, std::move(instance->config)});
    }
    return host;
}

std::vector<std::string> need_restart(const Config& running, const Config& wanted, Daemon daemon)
{
    std::vector<std::string> names;
    for (const auto& setting : settings())
        if (setting.restart && is_of(find_section(setting.section)->read_by, daemon)
            && !same_value(running, wanted, setting))
            names.push_back(fmt::format("{}.{}", setting.section, setting.name));
    return names;
}

} // namespace postern
