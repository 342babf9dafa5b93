#include "common/spf/spf_answer.h"

namespace postern {

std::string_view spf_result_name(SpfResult result)
{
    switch (result) {
    case SpfResult::none:
        return "none";
    case SpfResult::neutral:
        return "neutral";
    case SpfResult::pass:
        return "pass";
    case SpfResult::fail:
        return "fail";
    case SpfResult::softfail:
        return "softfail";
    case SpfResult::temperror:
        return "temperror";
    case SpfResult::permerror:
        return "permerror";
    }
    return "none"; // unreachable: -Wswitch names a result without a case
}

} // namespace postern
