#include "config/migrate/old_postfix.h"

#include "common/text.h"

#include <algorithm>

namespace postern {
namespace {

// The lines from that of the parameter to the last that goes on with it; none: first is 0. Numbers from 1.
struct LineRange {
    int first = 0, last = 0;
};

bool goes_on(std::string_view line) // postconf(5): white space begins it
{
    return !line.empty() && (line.front() == ' ' || line.front() == '\t');
}

LineRange lines_of(const std::vector<std::string_view>& lines, std::string_view parameter)
{
    LineRange found; // Postfix takes the last
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto line = lines[i];
        if (!goes_on(line) && !is_remark(line) && trim(line.substr(0, line.find('='))) == parameter
            && line.find('=') != std::string_view::npos)
            found = {static_cast<int>(i) + 1, static_cast<int>(i) + 1};
        else if (found.first > 0 && found.last >= static_cast<int>(i) - 1 && (goes_on(line) || is_remark(line)))
            found.last = static_cast<int>(i) + 1;
    }
    return found;
}

} // namespace

OldLine OldPostfix::line_of(std::string_view parameter, std::string_view program) const
{
    return line_of(parameter, {}, program);
}

OldLine OldPostfix::line_of(std::string_view parameter, std::string_view item, std::string_view program) const
{
    const auto lines = split(texts.main_cf, '\n');
    const auto range = lines_of(lines, parameter);
    OldLine at{std::string(program), directory + "/main.cf", range.first};
    for (int number = range.first; number > 0 && !item.empty() && number <= range.last; ++number) {
        const auto line = lines[static_cast<std::size_t>(number) - 1];
        if (!is_remark(line) && line.find(item) != std::string_view::npos) {
            at.line = number;
            break;
        }
    }
    return at;
}

OldLine OldPostfix::service_line(std::string_view service, std::string_view program) const
{
    if (const auto slash = service.rfind('/'); slash != std::string_view::npos)
        service.remove_prefix(slash + 1);
    OldLine at{std::string(program), directory + "/master.cf"};
    const auto lines = split(texts.master_cf, '\n');
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!goes_on(lines[i]) && !is_remark(lines[i]) && split_words(lines[i]).front() == service)
            at.line = static_cast<int>(i) + 1;
    return at;
}

bool OldPostfix::sets(std::string_view parameter) const
{
    return line_of(parameter, "").line > 0;
}

std::vector<PostfixMention> OldPostfix::policy_services(std::string_view program) const
{
    return mentions(*this, program, [](auto, auto before) { return before == "check_policy_service"; });
}

Result<OldPostfix> read_old_postfix(const OldHost& host, const PostfixFiles::Run& run)
{
    OldPostfix postfix;
    if (host.root().empty())
        if (const auto answer = run({"postconf", "-h", "config_directory"}); answer && answer->status == 0)
            postfix.directory = trim(answer->text);
    if (!host.has(postfix.directory + "/main.cf"))
        return postfix;
    auto main_cf = host.read(postfix.directory + "/main.cf");
    if (!main_cf)
        return tl::unexpected(main_cf.error());
    auto master_cf = host.has(postfix.directory + "/master.cf") ? host.read(postfix.directory + "/master.cf")
                                                                : Result<std::string>("");
    if (!master_cf)
        return tl::unexpected(master_cf.error());
    postfix.texts = {std::move(*main_cf), std::move(*master_cf)};
    auto config = PostfixFiles(host.real_path(postfix.directory), run).understand(postfix.texts);
    if (!config)
        return tl::unexpected(config.error());
    postfix.config = std::move(*config);
    return postfix;
}

std::vector<PostfixMention> mentions(const OldPostfix& postfix, std::string_view program, FitsMention fits)
{
    std::vector<PostfixMention> found;
    const auto look = [&](const std::string& parameter, const std::string& value, const PostfixService* service) {
        std::string before;
        for (const auto& item : split_postfix_list(value)) {
            if (fits(item, before))
                found.push_back({item, parameter, service ? service->text() : "",
                                 service ? postfix.service_line(service->name, program)
                                         : postfix.line_of(parameter, item, program)});
            before = item;
        }
    };
    for (const auto& [parameter, value] : postfix.config.parameters)
        look(parameter, value, nullptr);
    for (const auto& service : postfix.config.services)
        for (const auto& [parameter, value] : service.options)
            look(parameter, value, &service);
    return found;
}

} // namespace postern
