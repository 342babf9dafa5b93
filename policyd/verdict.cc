#include "policyd/verdict.h"

namespace postern {

std::string_view action_name(Action action)
{
    switch (action) {
    case Action::dunno:
        return "dunno";
    case Action::reject:
        return "reject";
    case Action::defer:
        return "defer";
    case Action::defer_if_permit:
        return "defer_if_permit";
    case Action::defer_if_reject:
        return "defer_if_reject";
    case Action::hold:
        return "hold";
    case Action::discard:
        return "discard";
    case Action::filter:
        return "filter";
    case Action::redirect:
        return "redirect";
    case Action::bcc:
        return "bcc";
    case Action::warn:
        return "warn";
    }
    return ""; // unreachable: -Wswitch names an action without a case
}

Weight Verdict::weight() const
{
    switch (action) {
    case Action::dunno:
        return Weight::none;
    case Action::reject:
        return code >= 400 && code < 500 ? Weight::temporary : Weight::final;
    case Action::defer:
    case Action::defer_if_permit:
    case Action::defer_if_reject:
        return Weight::temporary;
    case Action::discard:
        return Weight::final;
    case Action::hold:
    case Action::filter:
    case Action::redirect:
    case Action::bcc:
    case Action::warn:
        return Weight::remark;
    }
    return Weight::none; // unreachable: -Wswitch names an action without a case
}

} // namespace postern
