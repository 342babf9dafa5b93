#include "milterd/message.h"

#include "common/text.h"

namespace postern {

bool has_name(const HeaderField& field, std::string_view name)
{
    return equals_ignoring_case(trim(field.name), name);
}

std::size_t occurrence_of(const Message& message, std::size_t at)
{
    if (at >= message.header.size())
        return 0;
    std::size_t n = 0;
    for (std::size_t i = 0; i <= at; ++i)
        if (equals_ignoring_case(message.header[i].name, message.header[at].name))
            ++n;
    return n;
}

} // namespace postern
