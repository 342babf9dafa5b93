#include "milterd/dkim_identity.h"
#include "milterd/dkim_key_table.h"
#include "milterd/dkim_signing_table.h"

#include <cstdlib>

using namespace postern;

// A key table, a line with "--", a signing table. Each author whom a row names is looked up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto middle = std::min(text.find("\n--\n"), text.size());
    const auto rows_of = [](const std::string& content, std::vector<Error>& faults) {
        const ReadText read = [&](const std::string&) { return Result<std::string>(content); };
        return read_data_set({DataSet::Kind::file, "/table"}, "setting", read, faults);
    };
    std::vector<Error> faults;
    const auto key_rows = rows_of(text.substr(0, middle), faults);
    const auto signing_rows = rows_of(text.substr(std::min(middle + 4, text.size())), faults);
    for (const auto kind : {DataSet::Kind::file, DataSet::Kind::patterns}) {
        const auto keys = DkimKeyTable::parse(kind, key_rows, faults);
        for (const auto& row : keys.rows())
            if (!keys.find(row.name))
                std::abort();
        const auto signing = DkimSigningTable::parse(kind, signing_rows, faults);
        for (const auto& row : signing.rows()) {
            const auto at = std::min(row.pattern.rfind('@'), row.pattern.size());
            const auto domain = row.pattern.substr(std::min(at + 1, row.pattern.size()));
            const auto all = signing.find(row.pattern.substr(0, at), domain, true);
            const auto first = signing.find(row.pattern.substr(0, at), domain, false);
            if (first.size() > 1 || first.empty() != all.empty() || (!all.empty() && all.front() != first.front()))
                std::abort();
            if (const auto identity = write_identity(with_author_domain(row.identity, domain), domain))
                if (identity->find_first_of("; \t\r\n") != identity->npos)
                    std::abort();
        }
    }
    return 0;
}
