#include "policyd/recipient_table.h"

#include "common/mail_address.h"
#include "common/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

// The first line is an address and delimiters, the rest a table. Whatever is found for an address
// with an extension is found, or something before it, for what the table says of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto line = text.substr(0, text.find('\n'));
    const auto words = postern::split_words(line);
    const auto address = postern::to_lower(words.empty() ? "" : words[0]);
    const auto base = postern::without_extension(address, words.size() > 1 ? words[1] : "+");
    if (!base.empty() && (base.size() >= address.size() || base.find('@') == std::string::npos))
        std::abort();

    const auto table = postern::RecipientTable::parse(text.substr(std::min(line.size() + 1, text.size())), "t");
    if (!table)
        return table.error().empty() ? std::abort(), 0 : 0;
    if (const auto* entry = table->find(address, base); entry && table->size() == 0)
        std::abort();
    return 0;
}
