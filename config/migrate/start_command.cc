#include "config/migrate/start_command.h"

#include "common/text.h"
#include "config/migrate/shell_text.h"

#include <algorithm>
#include <set>
#include <utility>

namespace postern {
namespace {

// The first that has a unit wins, and so for each name of a drop-in: systemd.unit(5), "UNIT FILE LOAD PATH"
constexpr std::string_view unit_folders[] = {
    "/etc/systemd/system",     "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system",
};

std::vector<std::string> unit_files(const OldHost& host, const std::string& unit)
{
    std::vector<std::string> files;
    std::map<std::string, std::string> drop_ins; // by name: in this order they count
    for (const auto folder : unit_folders) {
        if (const auto file = fmt::format("{}/{}", folder, unit); files.empty() && host.has(file))
            files.push_back(file);
        for (const auto& file : host.files_in(fmt::format("{}/{}.d", folder, unit), ".conf"))
            drop_ins.try_emplace(file.substr(file.rfind('/') + 1), file);
    }
    for (const auto& [name, file] : drop_ins)
        files.push_back(file);
    return files;
}

class StartFinder {
public:
    StartFinder(const OldHost& host, const std::string& name)
        : host_(host)
        , name_(name)
    {
    }

    ProgramStart find()
    {
        read_variables("/etc/default/" + name_);
        for (const auto& file : unit_files(host_, name_ + ".service"))
            read_unit(file);
        for (const auto& file : environment_files_)
            read_variables(file);
        for (const auto& command : commands_)
            start_.commands.push_back(words_of(command));
        return std::move(start_);
    }

private:
    struct Command {
        std::string text;
        OldLine at;
    };

    void read_unit(const std::string& file)
    {
        const auto text = host_.read(file);
        if (!text) {
            start_.faults.push_back({{name_, file}, text.error().what});
            return;
        }
        for (const auto& line : parse_unit(*text))
            if (line.section == "Service")
                read_line(line, {name_, file, line.line});
    }

    void read_line(const UnitLine& line, const OldLine& at)
    {
        if (line.name == "ExecStart") {
            if (line.value.empty()) // a drop-in begins anew
                commands_.clear();
            else
                commands_.push_back({line.value, at});
        } else if (line.name == "Environment") {
            for (const auto& word : shell_words(line.value))
                if (const auto equals = word.find('='); equals != std::string::npos)
                    start_.variables[word.substr(0, equals)] = {word.substr(equals + 1), at};
        } else if (line.name == "EnvironmentFile") {
            if (line.value.empty())
                environment_files_.clear();
            else
                environment_files_.push_back(line.value.substr(line.value.starts_with('-') ? 1 : 0));
        }
    }

    void read_variables(const std::string& file)
    {
        if (!host_.has(file))
            return;
        const auto text = host_.read(file);
        if (!text) {
            start_.faults.push_back({{name_, file}, text.error().what});
            return;
        }
        std::vector<std::string> faults;
        for (auto& set : parse_assignments(*text, faults))
            start_.variables[set.name] = {std::move(set.value), {name_, file, set.line}};
        if (read_.insert(file).second)
            for (const auto& fault : faults)
                start_.faults.push_back({{name_, file}, fault});
    }

    // "$NAME" alone is as many words as it has, "${NAME}" never more than a part of one.
    std::vector<StartWord> words_of(const Command& command) const
    {
        Variables values;
        for (const auto& [name, variable] : start_.variables)
            values[name] = variable.value;
        std::vector<StartWord> words;
        for (auto& word : shell_words(command.text)) {
            const bool is_variable = word.starts_with('$') && word.find_first_of("{$/=-", 1) == std::string::npos;
            const auto it = is_variable ? start_.variables.find(word.substr(1)) : start_.variables.end();
            if (!is_variable)
                words.push_back({expand_variables(word, values), place_of(word, command.at)});
            else if (it != start_.variables.end())
                for (auto& part : shell_words(it->second.value))
                    words.push_back({std::move(part), it->second.at});
        }
        if (!words.empty()) // "-/usr/sbin/x": systemd.service(5), "special executable prefixes"
            words.front().text.erase(
                0, std::min(words.front().text.find_first_not_of("@-:+!|"), words.front().text.size()));
        return words;
    }

    OldLine place_of(std::string_view word, const OldLine& otherwise) const
    {
        const auto begin = word.find("${");
        const auto end = begin == std::string_view::npos ? begin : word.find('}', begin);
        if (end == std::string_view::npos)
            return otherwise;
        const auto it = start_.variables.find(word.substr(begin + 2, end - begin - 2));
        return it == start_.variables.end() ? otherwise : it->second.at;
    }

    const OldHost& host_;
    std::string name_;
    ProgramStart start_;
    std::vector<Command> commands_;
    std::vector<std::string> environment_files_;
    std::set<std::string> read_;
};

} // namespace

std::vector<UnitLine> parse_unit(std::string_view text)
{
    std::vector<UnitLine> all;
    std::string section;
    bool goes_on = false;
    int number = 0;
    for (const auto raw : split(text, '\n')) {
        ++number;
        auto line = trim(raw);
        if (line.starts_with('#') || line.starts_with(';')) // also between lines that go on
            continue;
        const bool was_going_on = std::exchange(goes_on, line.ends_with('\\'));
        if (goes_on)
            line = trim(line.substr(0, line.size() - 1));
        const auto equals = line.find('=');
        if (was_going_on && !all.empty())
            all.back().value += ' ' + std::string(line);
        else if (line.starts_with('[') && line.ends_with(']'))
            section = line.substr(1, line.size() - 2);
        else if (equals != std::string_view::npos)
            all.push_back({section, std::string(trim(line.substr(0, equals))),
                           std::string(trim(line.substr(equals + 1))), number});
    }
    return all;
}

ProgramStart find_start(const OldHost& host, const std::string& name)
{
    return StartFinder(host, name).find();
}

} // namespace postern
