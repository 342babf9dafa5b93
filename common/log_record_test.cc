#include "common/log_record.h"

#include <doctest/doctest.h>

namespace postern {
namespace {

std::string shown(const LogRecord& record)
{
    std::string text;
    for (const auto field : record)
        text.append(field.name).append(field.is_number ? "#" : "=").append(field.value).append(";");
    return text;
}

} // namespace

TEST_CASE("LogRecord: fields come back as they were added")
{
    LogRecord record;
    CHECK(record.empty());
    record.add("text", "a b");
    record.add("empty", "");
    record.add("parts", {"reject", " ", "", "fail"});
    record.add("number", -7);
    record.add("yes", true);
    record.add("most", UINT64_MAX);
    CHECK(shown(record) == "text=a b;empty=;parts=reject fail;number#-7;yes#1;most#18446744073709551615;");
    LogRecord copy;
    copy.assign(record.packed());
    CHECK(shown(copy) == shown(record));

    LogRecord other;
    other.add("first", 1);
    other.add_all(record);
    CHECK(shown(other) == "first#1;" + shown(record));

    record.clear();
    CHECK(shown(record).empty());
}

} // namespace postern
