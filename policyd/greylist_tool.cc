#include "policyd/greylist_tool.h"

#include "common/control_client.h"
#include "common/privileges.h"
#include "config/redis_options.h"
#include "config/settings.h"
#include "policyd/greylist_admin.h"
#include "policyd/greylist_check.h"
#include "policyd/greylist_redis_records.h"
#include "policyd/greylist_tables.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace postern {
namespace {

constexpr auto dump_program = "db5.3_dump";
constexpr std::size_t line_limit = 100'000; // octets

// Where an import is read from: opened before the rights to do so are given up.
class LineReader {
public:
    static Result<LineReader> open(const std::string& path)
    {
        if (path == "-")
            return LineReader(stdin, [](std::FILE*) { return 0; }, "standard input");
        auto* const file = std::fopen(path.c_str(), "re");
        return file ? Result<LineReader>(LineReader(file, std::fclose, path)) : fail("{}: {}", path, std::strerror(errno));
    }

    // `postgrey` is a path without characters that a shell understands.
    static Result<LineReader> open_dump(const std::string& folder, const std::string& file)
    {
        for (const char c : folder)
            if (!is_plain(c))
                return fail("{}: cannot be given to {}; dump it by hand and import the text", folder, dump_program);
        const auto command = fmt::format("{} -h '{}' -p '{}'", dump_program, folder, file);
        auto* const pipe = ::popen(command.c_str(), "re");
        return pipe ? Result<LineReader>(LineReader(pipe, ::pclose, fmt::format("the dump of {}/{}", folder, file)))
                    : fail("{}: {}", command, std::strerror(errno));
    }

    bool read(std::string& line)
    {
        line.clear();
        for (int c = std::fgetc(file_.get()); c != EOF; c = std::fgetc(file_.get())) {
            if (c == '\n')
                return true;
            if (line.size() < line_limit)
                line += static_cast<char>(c);
        }
        return !line.empty();
    }

    const std::string& name() const { return name_; } // as it stands before a line's number

    // 0 for a file; the exit status of a program.
    int close()
    {
        auto* const file = file_.release();
        return file ? file_.get_deleter()(file) : 0;
    }

private:
    using Close = int (*)(std::FILE*);
    LineReader(std::FILE* file, Close how, std::string name)
        : file_(file, how)
        , name_(std::move(name))
    {
    }
    static bool is_plain(char c) { return c > 0x20 && c < 0x7f && std::strchr("'\"\\$`;&|<>*?!()", c) == nullptr; }

    std::unique_ptr<std::FILE, Close> file_;
    std::string name_;
};

bool print(std::string_view text)
{
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

int complain(const std::string& what)
{
    fmt::print(stderr, "{}\n", what);
    return 1;
}

GreylistAdmin::Rules rules_of(const GreylistSettings& settings)
{
    return {greylist_policy(settings), static_cast<int>(settings.ipv4_prefix), static_cast<int>(settings.ipv6_prefix),
            settings.auto_whitelist_by == "address"};
}

// What an import reads, in order; each is a file of ours, or a dump.
Result<std::vector<LineReader>> open_inputs(const GreylistCommand& command)
{
    std::vector<Result<LineReader>> opened;
    if (command.name != "import")
        return std::vector<LineReader>();
    if (!command.postgrey.empty()) {
        for (const auto* file : {"postgrey.db", "postgrey_clients.db"})
            if (std::filesystem::exists(std::filesystem::path(command.postgrey) / file))
                opened.push_back(LineReader::open_dump(command.postgrey, file));
        if (opened.empty())
            return fail("{}: holds no postgrey.db", command.postgrey);
    } else {
        opened.push_back(LineReader::open(command.postgrey_dump.empty() ? command.input : command.postgrey_dump));
    }
    std::vector<LineReader> inputs;
    for (auto& one : opened) {
        if (!one)
            return tl::unexpected(one.error());
        inputs.push_back(std::move(*one));
    }
    return inputs;
}

Result<> import(GreylistAdmin& admin, const GreylistCommand& command, std::chrono::seconds delay,
                std::vector<LineReader>& inputs)
{
    for (auto& input : inputs) {
        const auto line = [&](std::string& into) { return input.read(into); };
        const bool is_ours = command.postgrey.empty() && command.postgrey_dump.empty();
        const auto result = is_ours ? admin.import(line) : admin.import_postgrey(line, delay);
        const int status = input.close();
        if (status != 0)
            return fail("{} has failed; Debian has it in the package db5.3-util", dump_program);
        if (!result)
            return tl::unexpected(result.error());
        for (const auto& fault : result->faults)
            complain(fmt::format("{}:{}", input.name(), fault));
        if (result->more_faults > 0)
            complain(fmt::format("{}: and {} more", input.name(), result->more_faults));
        print(fmt::format("read {} written {}\n", result->read, result->written));
    }
    return {};
}

Result<> run(GreylistAdmin& admin, const GreylistCommand& command, std::chrono::seconds delay,
             std::vector<LineReader>& inputs)
{
    const GreylistFilter filter{command.client, command.sender, command.recipient,
                                command.waiting, command.passed, command.limit};
    if (command.name == "list")
        return admin.list(filter);
    if (command.name == "clients")
        return admin.clients(filter);
    if (command.name == "show")
        return admin.show(command.client, command.sender, command.recipient);
    if (command.name == "pass")
        return admin.pass(command.client, command.sender, command.recipient);
    if (command.name == "forget")
        return admin.forget(command.client, command.sender, command.recipient);
    if (command.name == "stats")
        return admin.stats();
    if (command.name == "report")
        return admin.report(command.with_triplets);
    if (command.name == "export")
        return admin.export_all();
    return import(admin, command, delay, inputs);
}

Result<std::unique_ptr<GreylistRecords>> open_records(const Config& config, const Clock& clock,
                                                      const GreylistCommand& command, bool writes)
{
    if (config.greylist.store == "redis") {
        auto records = GreylistRedisRecords::open(
            {redis_options(config.redis), config.redis.key_prefix, greylist_policy(config.greylist)}, clock);
        if (!records)
            return fail("redis: {}", records.error().what);
        return std::move(*records);
    }
    if (command.name != "import" && ::access(config.greylist.database.c_str(), F_OK) != 0)
        return fail("{}: {}", config.greylist.database, std::strerror(errno));
    auto tables = writes ? GreylistTables::open(config.greylist.database)
                         : GreylistTables::open_for_reading(config.greylist.database);
    if (!tables)
        return tl::unexpected(tables.error());
    return std::make_unique<GreylistTables>(std::move(*tables));
}

// A daemon that does not run has nothing in memory; one that does and cannot be told is a fault.
Result<> tell_daemon(const std::string& control)
{
    if (control.empty() || ::access(control.c_str(), F_OK) != 0)
        return {};
    const auto told = ask_control(control, "greylist reread");
    if (!told && told.error().what.find("nobody listens") == std::string::npos) // as control_client has it
        return fail("the daemon was not told to read anew: {}", told.error().what);
    return {};
}

} // namespace

int run_greylist_command(const std::string& config_path, const GreylistCommand& command)
{
    const auto loaded = load_config(config_path, environment_of(::environ));
    if (!loaded) {
        for (const auto& fault : loaded.error())
            complain(fault.what);
        return 1;
    }
    const auto& config = loaded->config;
    auto delay = config.greylist.delay;
    if (!command.postgrey_delay.empty()) {
        const auto wanted = read_seconds(command.postgrey_delay);
        if (!wanted)
            return complain(wanted.error().what);
        delay = *wanted;
    }
    auto inputs = open_inputs(command);
    if (!inputs)
        return complain(inputs.error().what);
    if (::geteuid() == 0) // so that no file of the store is root's
        if (const auto dropped = drop_privileges(config.policyd.user, config.policyd.group); !dropped)
            return complain(dropped.error().what);

    const bool writes = command.name == "pass" || command.name == "forget" || command.name == "import";
    const SystemClock clock;
    const auto records = open_records(config, clock, command, writes);
    if (!records)
        return complain(records.error().what);
    GreylistAdmin admin(**records, rules_of(config.greylist), clock.now(), print);
    auto done = run(admin, command, delay, *inputs);
    if (const auto told = writes ? tell_daemon(config.policyd.control) : Result<>(); !told && done)
        done = told;
    if (std::fflush(stdout) != 0 && done)
        done = fail("cannot write the output");
    return done ? 0 : complain(done.error().what);
}

} // namespace postern
