#include "common/log.h"

namespace postern {

LogRecord pack(const LogFields& fields)
{
    LogRecord record;
    for (const auto& field : fields) {
        if (field.is_number)
            record.add_number(field.name, field.value);
        else
            record.add(field.name, field.value);
    }
    return record;
}

} // namespace postern
