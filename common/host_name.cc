#include "common/host_name.h"

#include "common/text.h"

#include <unistd.h>

namespace postern {

std::string host_name()
{
    char name[256] = {}; // HOST_NAME_MAX is 64
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
        return "localhost";
    return to_lower(name);
}

} // namespace postern
