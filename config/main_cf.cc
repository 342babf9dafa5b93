#include "config/main_cf.h"

#include "common/text.h"
#include "config/milter_lists.h"
#include "config/old_programs.h"
#include "config/policy_places.h"
#include "config/postfix_dnsbl.h"
#include "config/postfix_warnings.h"
#include "config/setting.h"

#include <algorithm>
#include <optional>

namespace postern {
namespace {

using Items = std::vector<std::string>;
using EntryFate = PostfixEntries::Fate;
using Names = std::vector<std::string_view>; // of checks

constexpr std::string_view default_queue_directory = "/var/spool/postfix"; // Debian's

// The first name of a policy_context that means no check: such a place asks for the whole chain. Empty: none.
std::string unknown_check(const std::string& context)
{
    const auto known = find_setting("policyd", "checks")->words; // "observe" is none, and says no name either
    for (const auto name : names_of_context(context))
        if (name != "observe" && std::find(known.begin(), known.end(), name) == known.end())
            return std::string(name);
    return "";
}

class MainCf {
public:
    explicit MainCf(const MainCfSource& source)
        : source_(source)
        , config_(source.config)
        , queue_(source.postfix ? source.postfix->value("queue_directory") : default_queue_directory)
        , entries_(config_, queue_, source.way)
    {
    }

    PostfixLines lines()
    {
        policy_service();
        milters();
        services();
        instances();
        if (source_.postfix)
            for (auto& remark : postfix_remarks(*source_.postfix, config_))
                entries_.remark(std::move(remark));
        lines_.remarks.insert(lines_.remarks.end(), entries_.remarks().begin(), entries_.remarks().end());
        warnings();
        return std::move(lines_);
    }

private:
    // ---- Lines

    void remark(const std::string& text) { lines_.remarks.push_back(text); }
    void warning(const std::string& text) { remark("WARNING: " + text); }
    void parameter(std::string_view name, const Items& items)
    {
        lines_.parameters.push_back(fmt::format("{} = {}", name, join_postfix_list(items)));
    }

    std::string now(std::string_view parameter) const
    {
        return source_.postfix ? source_.postfix->value(parameter) : "";
    }

    // ---- check_policy_service

    void policy_service()
    {
        const auto is_asked = [&](std::string_view check, bool enable) {
            const auto& checks = config_.policyd.checks;
            return enable && std::find(checks.begin(), checks.end(), check) != checks.end();
        };
        const bool knows_recipients = !config_.ldap.empty() || !config_.recipient.access.empty();
        const std::pair<std::string_view, bool> checks[] = {
            {"dnsbl", asks_dns_lists(config_)},
            {"recipient", is_asked("recipient", config_.recipient.enable && knows_recipients)},
            {"spf", is_asked("spf", config_.spf.enable)},
            {"greylist", is_asked("greylist", config_.greylist.enable)},
        };
        Names asked;
        for (const auto& [name, is_on] : checks)
            if (is_on)
                asked.push_back(name);
        if (asked.empty()) {
            remark("postern-policyd has nothing to do: neither DNS lists, recipients, SPF nor greylisting are enabled.");
            return;
        }
        policy_ = entries_.endpoint(config_.policyd.listen);
        if (source_.postfix)
            places_ = entries_with_context(*source_.postfix, [&](const auto& entry) { return entries_.is_ours(entry); });
        remark_places();

        Items fresh{"permit_mynetworks", "permit_sasl_authenticated", "reject_unauth_destination"};
        edit_restrictions("smtpd_recipient_restrictions", std::move(fresh), service_for(std::move(asked)));
        // A header that is still due goes out here; who observes adds none.
        edit_restrictions("smtpd_data_restrictions", {}, entries_.observes() ? "" : entries_.policy({policy_, {}, false}));
    }

    // For the checks that have no place of the operator's; the whole chain if there is no such place. Empty: all
    // have one.
    std::string service_for(Names asked) const
    {
        // A daemon that does not answer must not stop the mail, unless it is what keeps unknown recipients out.
        const auto is_guard = [&](std::string_view check) {
            return check == "recipient" && !config_.recipient.observe
                && config_.recipient.unavailable != UnavailableDirectory::pass;
        };
        if (places_.empty() || asks_whole_chain("smtpd_recipient_restrictions"))
            return entries_.policy({policy_, {}, std::any_of(asked.begin(), asked.end(), is_guard)});
        for (const auto& place : places_) {
            const auto context = parse_policy_service(place).context;
            if (!unknown_check(context).empty())
                return "";
            for (const auto name : names_of_context(context))
                std::erase(asked, name);
        }
        return asked.empty() ? "" : entries_.policy({policy_, asked, std::any_of(asked.begin(), asked.end(), is_guard)});
    }

    bool asks_whole_chain(std::string_view list) const
    {
        const auto items = split_postfix_list(now(list));
        for (std::size_t i = 1; i < items.size(); ++i)
            if (items[i - 1] == "check_policy_service" && entries_.is_ours(items[i]) && !is_place(items[i]))
                return true;
        return false;
    }

    void remark_places()
    {
        for (const auto& place : places_) {
            const auto service = parse_policy_service(place);
            entries_.remark(fmt::format("Stays: {}, a place of its own.", place));
            if (service.address != policy_)
                entries_.remark(fmt::format("WARNING: {} asks {}, and the daemon listens at {}.", place, service.address, policy_));
            if (const auto unknown = unknown_check(service.context); !unknown.empty())
                entries_.remark(fmt::format("WARNING: {} asks for the whole chain: no check is named {}.", place, unknown));
            if (!service.has_default_action)
                entries_.remark(fmt::format("WARNING: {} has no default_action: without the daemon its mail waits (451). Add "
                                   "default_action=DUNNO, unless it is what keeps unknown recipients out.",
                                   place));
        }
    }

    bool is_place(const std::string& entry) const
    {
        return std::find(places_.begin(), places_.end(), entry) != places_.end();
    }

    // `ours` empty: nothing is added.
    void edit_restrictions(std::string_view name, Items fresh, std::string ours)
    {
        const auto items = split_postfix_list(now(name));
        Items kept;
        std::optional<std::size_t> place; // that of the first service that we replace
        for (std::size_t i = 0; i < items.size(); ++i) {
            const bool is_service = items[i] == "check_policy_service" && i + 1 < items.size();
            const auto fate = is_service && !is_place(items[i + 1]) ? entries_.policy_fate(items[i + 1])
                                                                    : EntryFate::stays;
            const bool is_tried = fate != EntryFate::stays && !kept.empty() && kept.back() == "warn_if_reject";
            if (fate != EntryFate::stays)
                place = place.value_or(kept.size() - is_tried);
            if (fate == EntryFate::goes) {
                if (is_tried)
                    kept.pop_back();
                ++i;
            } else {
                kept.push_back(items[i]);
            }
        }
        if (items.empty())
            kept = ours.empty() ? Items{} : std::move(fresh);
        if (!ours.empty()) {
            const auto at = kept.begin() + static_cast<std::ptrdiff_t>(place_after_relaying(kept, place));
            kept.insert(at, {"check_policy_service", std::move(ours)});
        }
        if (!kept.empty())
            parameter(name, kept);
    }

    // Never before the list has made sure that we may take mail for this recipient, and before a final permit.
    static std::size_t place_after_relaying(const Items& items, std::optional<std::size_t> place)
    {
        const bool is_closed = !items.empty()
            && (items.back() == "permit" || items.back() == "reject" || items.back() == "defer");
        auto at = place.value_or(is_closed ? items.size() - 1 : items.size());
        for (const auto* const guard : {"reject_unauth_destination", "defer_unauth_destination"}) {
            const auto it = std::find(items.begin(), items.end(), guard);
            if (it != items.end())
                at = std::max(at, static_cast<std::size_t>(it - items.begin()) + 1);
        }
        return at;
    }

    // ---- Milters

    void milters()
    {
        const auto ours = entries_.milter(config_.milterd);
        edit_milters("smtpd_milters", ours);
        const auto& signing = signing_settings();
        const bool is_same = &signing == &config_.milterd;
        const auto non_smtpd = split_postfix_list(now("non_smtpd_milters"));
        if (is_same && non_smtpd == Items{"$smtpd_milters"})
            parameter("non_smtpd_milters", non_smtpd); // says already what it should
        else
            edit_milters("non_smtpd_milters", is_same ? ours : entries_.milter(signing)); // bounces, and sendmail(1)
        if (signing.role == "inbound")
            entries_.remark("Bounces and mail from sendmail(1) are not signed: milterd.role is inbound, and there is no "
                            "instance with another.");
        auto macros = split_postfix_list(now("milter_macro_defaults"));
        const bool observed = std::erase(macros, observe_macro_default) > 0;
        if (entries_.observes())
            macros.emplace_back(observe_macro_default);
        if (entries_.observes() || observed)
            parameter("milter_macro_defaults", macros);
    }

    // Whose socket Postfix's own mail goes to: one that signs.
    const MilterdSettings& signing_settings() const
    {
        if (config_.milterd.role != "inbound")
            return config_.milterd;
        for (const auto& instance : source_.instances)
            if (instance.config.milterd.role != "inbound")
                return instance.config.milterd;
        return config_.milterd;
    }

    void edit_milters(std::string_view name, const std::string& ours)
    {
        parameter(name, edit_milter_list(entries_, now(name), ours));
    }

    void services()
    {
        if (source_.postfix)
            lines_.services = service_milter_lists(entries_, *source_.postfix, config_, source_.instances);
    }

    static std::string_view role_remark(const std::string& role)
    {
        return role == "inbound" ? ", which judges and does not sign" : role == "submission" ? ", which signs" : "";
    }

    // Those that have no service yet.
    void instances()
    {
        for (const auto& instance : source_.instances) {
            const auto& milterd = instance.config.milterd;
            const auto is_asked = [&](const auto& line) { return line.find(entries_.endpoint(milterd.listen)) != line.npos; };
            if (std::any_of(lines_.services.begin(), lines_.services.end(), is_asked))
                continue;
            remark(fmt::format("Instance {}{}: in master.cf, below the service whose mail it is for:", instance.name,
                               role_remark(milterd.role)));
            remark(fmt::format("    -o {{ smtpd_milters = {} }}", entries_.milter(milterd)));
        }
    }

    // ---- Warnings

    // As it will be: a list that has us now is no more a list of its own.
    PostfixConfig edited(PostfixConfig postfix) const
    {
        for (const auto& line : lines_.services)
            for (auto& service : postfix.services)
                if (const auto name = service.text() + "/"; line.starts_with(name))
                    service.options.insert_or_assign(line.substr(name.size(), line.find('=') - name.size()),
                                                     line.substr(line.find('=') + 1));
        return postfix;
    }

    void warnings()
    {
        for (const auto& path : entries_.out_of_reach()) {
            if (!source_.postfix)
                warning(fmt::format("{} is not below {}: a chrooted smtpd(8), as Debian has it, cannot reach it.", path,
                                    queue_));
            else
                for (const auto& text : chroot_warnings(*source_.postfix, path, config_))
                    warning(text);
        }
        if (source_.postfix)
            for (const auto& warn : {postfix_warnings(edited(*source_.postfix), config_),
                                     postfix_dnsbl_warnings(*source_.postfix, config_, "")})
                for (const auto& text : warn)
                    warning(text);
    }

    const MainCfSource& source_;
    const Config& config_;
    std::string queue_;
    PostfixEntries entries_;
    PostfixLines lines_;
    std::string policy_; // the policy daemon, as Postfix finds it
    Items places_;       // entries that ask it for some checks, which the operator has set
};

} // namespace

PostfixLines postfix_lines(const MainCfSource& source)
{
    return MainCf(source).lines();
}

std::vector<std::string> main_cf(const MainCfSource& source)
{
    const auto& directory = source.config_directory;
    const auto which = directory.empty() ? "" : " -c " + directory; // the option of Postfix's commands
    std::vector<std::string> lines{
        "# What Postfix needs to ask Postern. To set it, as root:",
        fmt::format("#     postern main-cf{}{} | grep -v '^#' | while IFS= read -r line; do postconf{} -e \"$line\"; done",
                    source.arguments, directory.empty() ? "" : " --config-dir " + directory, which),
        fmt::format("#     postfix{} reload", which)};
    if (!source.postfix)
        lines.push_back(fmt::format("# This is for a fresh Postfix, since yours cannot be asked: {}",
                                    source.postfix.error().what));
    lines.emplace_back("#");
    const auto set = postfix_lines(source);
    lines.insert(lines.end(), set.parameters.begin(), set.parameters.end());
    lines.emplace_back("#");
    if (!set.services.empty())
        lines.emplace_back("# And in master.cf:");
    for (const auto& line : set.services)
        lines.push_back(fmt::format("#     postconf{} -P '{}'", which, line));
    for (const auto& remark : set.remarks)
        lines.push_back("# " + remark);
    return lines;
}

Result<PostfixConfig> ask_postconf(const std::string& config_directory, const RunPostconf& run)
{
    PostconfText text;
    const std::pair<const char*, std::string*> parts[] = {
        {"", &text.parameters}, {"-M", &text.services}, {"-P", &text.options}};
    for (const auto& [option, part] : parts) {
        std::vector<std::string> command{"postconf"};
        if (!config_directory.empty())
            command.insert(command.end(), {"-c", config_directory});
        if (*option)
            command.emplace_back(option);
        auto answer = run(command);
        if (!answer)
            return tl::unexpected(answer.error());
        if (answer->status != 0)
            return fail("{}", printable(trim(answer->text)));
        *part = std::move(answer->text);
    }
    return read_postconf(text);
}

} // namespace postern
