#include "milterd/dkim_result.h"

namespace postern {

std::string_view dkim_result_name(DkimResult result)
{
    switch (result) {
    case DkimResult::none:
        return "none";
    case DkimResult::pass:
        return "pass";
    case DkimResult::fail:
        return "fail";
    case DkimResult::policy:
        return "policy";
    case DkimResult::neutral:
        return "neutral";
    case DkimResult::temperror:
        return "temperror";
    case DkimResult::permerror:
        return "permerror";
    }
    return "neutral"; // unreachable: -Wswitch names a result without a case
}

} // namespace postern
