#include "config/main_cf.h"

#include "common/socket_address.h"
#include "common/text.h"
#include "config/old_programs.h"
#include "config/policy_places.h"
#include "config/postfix_dnsbl.h"
#include "config/postfix_warnings.h"
#include "config/setting.h"

#include <algorithm>
#include <optional>
#include <set>

namespace postern {
namespace {

using Items = std::vector<std::string>;
using Names = std::vector<std::string_view>; // of checks
using std::chrono::seconds;

constexpr std::string_view default_queue_directory = "/var/spool/postfix"; // Debian's
constexpr seconds policy_margin{10}; // Postfix waits longer than the daemon may take
constexpr seconds milter_margin{60};
constexpr seconds shortest_content_timeout{300}; // milter_content_timeout's own default

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

// The first name of a policy_context that means no check: such a place asks for the whole chain. Empty: none.
std::string unknown_check(const std::string& context)
{
    const auto known = find_setting("policyd", "checks")->words;
    for (const auto name : names_of_context(context))
        if (std::find(known.begin(), known.end(), name) == known.end())
            return std::string(name);
    return "";
}

class MainCf {
public:
    explicit MainCf(const MainCfSource& source)
        : source_(source)
        , config_(source.config)
        , queue_(source.postfix ? source.postfix->value("queue_directory") : default_queue_directory)
    {
    }

    std::vector<std::string> lines()
    {
        head();
        policy_service();
        milters();
        instances();
        remarks();
        warnings();
        return std::move(lines_);
    }

private:
    // ---- Lines

    void comment(const std::string& text) { lines_.push_back(text.empty() ? "#" : "# " + text); }
    void warning(const std::string& text) { comment("WARNING: " + text); }
    void parameter(std::string_view name, const Items& items)
    {
        lines_.push_back(fmt::format("{} = {}", name, join_postfix_list(items)));
    }

    std::string now(std::string_view parameter) const
    {
        return source_.postfix ? source_.postfix->value(parameter) : "";
    }

    void head()
    {
        comment("What Postfix needs to ask Postern. To set it, as root:");
        comment("    postern main-cf" + source_.arguments
                + " | grep -v '^#' | while IFS= read -r line; do postconf -e \"$line\"; done");
        comment("    postfix reload");
        if (!source_.postfix)
            comment(fmt::format("This is for a fresh Postfix, since yours cannot be asked: {}",
                                source_.postfix.error().what));
        comment("");
    }

    // ---- Addresses

    // As Postfix finds it: relative to the queue directory if it is below that, with and without chroot the same.
    std::string endpoint(const std::string& listen)
    {
        auto address = parse_socket_address(listen).value_or(SocketAddress{}); // the table has checked it
        if (address.host == "0.0.0.0" || address.host == "::")
            address.host = address.host == "::" ? "::1" : "127.0.0.1";
        auto text = address.text();
        if (address.is_unix()) {
            if (address.path.starts_with(queue_ + "/"))
                text = "unix:" + address.path.substr(queue_.size() + 1);
            else
                outside_.insert(address.path);
        }
        endpoints_.push_back(text);
        return text;
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
            comment("postern-policyd has nothing to do: neither DNS lists, recipients, SPF nor greylisting are enabled.");
            return;
        }
        policy_ = endpoint(config_.policyd.listen);
        if (source_.postfix)
            places_ = entries_with_context(*source_.postfix, [&](const auto& entry) { return is_ours(entry); });
        remark_places();

        Items fresh{"permit_mynetworks", "permit_sasl_authenticated", "reject_unauth_destination"};
        edit_restrictions("smtpd_recipient_restrictions", std::move(fresh), service_for(std::move(asked)));
        edit_restrictions("smtpd_data_restrictions", {}, service({}, false)); // a header that is still due goes out here
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
            return service({}, std::any_of(asked.begin(), asked.end(), is_guard));
        for (const auto& place : places_) {
            const auto context = parse_policy_service(place).context;
            if (!unknown_check(context).empty())
                return "";
            for (const auto name : names_of_context(context))
                std::erase(asked, name);
        }
        return asked.empty() ? "" : service(asked, std::any_of(asked.begin(), asked.end(), is_guard));
    }

    std::string service(const Names& checks, bool is_guard) const
    {
        return fmt::format("{{ {}, timeout={}s, {}{} }}", policy_, (config_.policyd.deadline + policy_margin).count(),
                           is_guard ? "{ default_action = 451 4.3.0 Recipients cannot be verified at present }"
                                    : "default_action=DUNNO",
                           checks.empty() ? "" : fmt::format(", policy_context={}", fmt::join(checks, "+")));
    }

    bool asks_whole_chain(std::string_view list) const
    {
        const auto items = split_postfix_list(now(list));
        for (std::size_t i = 1; i < items.size(); ++i)
            if (items[i - 1] == "check_policy_service" && is_ours(items[i]) && !is_place(items[i]))
                return true;
        return false;
    }

    void remark_places()
    {
        for (const auto& place : places_) {
            const auto service = parse_policy_service(place);
            remark(fmt::format("Stays: {}, a place of its own.", place));
            if (service.address != policy_)
                remark(fmt::format("WARNING: {} asks {}, and the daemon listens at {}.", place, service.address, policy_));
            if (const auto unknown = unknown_check(service.context); !unknown.empty())
                remark(fmt::format("WARNING: {} asks for the whole chain: no check is named {}.", place, unknown));
            if (!service.has_default_action)
                remark(fmt::format("WARNING: {} has no default_action: without the daemon its mail waits (451). Add "
                                   "default_action=DUNNO, unless it is what keeps unknown recipients out.",
                                   place));
        }
    }

    bool is_ours(const std::string& entry) const
    {
        return contains(entry, "postern") || std::any_of(endpoints_.begin(), endpoints_.end(), [&](const auto& endpoint) {
                   return contains(entry, endpoint);
               });
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
            if (is_service && !is_place(items[i + 1]) && goes(items[i + 1], find_old_policy_service(items[i + 1]))) {
                if (!kept.empty() && kept.back() == "warn_if_reject")
                    kept.pop_back();
                place = place.value_or(kept.size());
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

    // Is this entry ours from before, or that of a program whose work is ours now?
    bool goes(const std::string& item, const OldProgram* old)
    {
        if (is_ours(item))
            return true;
        if (!old)
            return false;
        const auto why_not = why_not_ours(config_, old->duty);
        remark(why_not.empty()
                   ? fmt::format("Taken out: {} ({}); [{}] does its work.", item, old->name, section_of(old->duty))
                   : fmt::format("Stays: {} ({}); {}.", item, old->name, why_not));
        return why_not.empty();
    }

    // ---- Milters

    std::string milter_entry(const MilterdSettings& milterd)
    {
        const auto content_timeout = std::max(milterd.deadline + milter_margin, shortest_content_timeout);
        return fmt::format("{{ {}, connect_timeout=10s, content_timeout={}s, default_action=tempfail }}",
                           endpoint(milterd.listen), content_timeout.count());
    }

    void milters()
    {
        const auto ours = milter_entry(config_.milterd);
        edit_milters("smtpd_milters", ours);
        const auto& signing = signing_settings();
        const bool is_same = &signing == &config_.milterd;
        const auto non_smtpd = split_postfix_list(now("non_smtpd_milters"));
        if (is_same && non_smtpd == Items{"$smtpd_milters"})
            parameter("non_smtpd_milters", non_smtpd); // says already what it should
        else
            edit_milters("non_smtpd_milters", is_same ? ours : milter_entry(signing)); // bounces, and sendmail(1)
        if (signing.role == "inbound")
            remarks_.push_back("Bounces and mail from sendmail(1) are not signed: milterd.role is inbound, and there is no "
                               "instance with another.");
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

    // In the place of what goes; else before DMARC, which reads our results; else last.
    void edit_milters(std::string_view name, const std::string& ours)
    {
        Items kept;
        std::optional<std::size_t> place;
        for (const auto& item : split_postfix_list(now(name))) {
            if (goes(item, find_old_milter(item)))
                place = place.value_or(kept.size());
            else
                kept.push_back(item);
        }
        const auto is_dmarc = [](const auto& item) { return contains(item, "dmarc") || contains(item, ":8893"); };
        const auto dmarc = std::find_if(kept.begin(), kept.end(), is_dmarc);
        const auto at = place.value_or(static_cast<std::size_t>(dmarc - kept.begin()));
        kept.insert(kept.begin() + static_cast<std::ptrdiff_t>(at), ours);
        parameter(name, kept);
    }

    static std::string_view role_remark(const std::string& role)
    {
        return role == "inbound" ? ", which judges and does not sign" : role == "submission" ? ", which signs" : "";
    }

    void instances()
    {
        for (const auto& instance : source_.instances) {
            comment("");
            comment(fmt::format("Instance {}{}: in master.cf, below the service whose mail it is for:", instance.name,
                                role_remark(instance.config.milterd.role)));
            comment(fmt::format("    -o {{ smtpd_milters = {} }}", milter_entry(instance.config.milterd)));
        }
    }

    // ---- Remarks

    void remark(std::string text)
    {
        if (std::find(remarks_.begin(), remarks_.end(), text) == remarks_.end())
            remarks_.push_back(std::move(text));
    }

    void remarks()
    {
        comment("");
        if (source_.postfix)
            for (auto& remark : postfix_remarks(*source_.postfix, config_))
                remarks_.push_back(std::move(remark));
        for (const auto& remark : remarks_)
            comment(remark);
    }

    void warnings()
    {
        for (const auto& path : outside_) {
            if (!source_.postfix)
                warning(fmt::format("{} is not below {}: a chrooted smtpd(8), as Debian has it, cannot reach it.", path,
                                    queue_));
            else
                for (const auto& text : chroot_warnings(*source_.postfix, path))
                    warning(text);
        }
        if (source_.postfix)
            for (const auto& warn : {postfix_warnings(*source_.postfix, config_),
                                     postfix_dnsbl_warnings(*source_.postfix, config_, "")})
                for (const auto& text : warn)
                    warning(text);
    }

    const MainCfSource& source_;
    const Config& config_;
    std::string queue_;
    std::vector<std::string> lines_;
    std::vector<std::string> remarks_;
    std::vector<std::string> endpoints_; // of ours, as Postfix finds them
    std::string policy_;                 // of these the policy daemon's
    Items places_;                       // entries that ask it for some checks, which the operator has set
    std::set<std::string> outside_;      // our sockets that are not below the queue directory
};

} // namespace

std::vector<std::string> main_cf(const MainCfSource& source)
{
    return MainCf(source).lines();
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
