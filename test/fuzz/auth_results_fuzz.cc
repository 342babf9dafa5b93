// Whatever the octets: the id is read without fault, and of what is written the
// strict reader gets back as many results and properties as were given.
#include "milterd/auth_results.h"

#include "test/strict_auth_results.h"

#include <cstdlib>

namespace {

// Cuts the input at its NUL octets and hands out the pieces in turn.
class Pieces {
public:
    explicit Pieces(std::string_view input)
        : input_(input)
    {
    }

    bool are_left() const { return !input_.empty(); }

    std::string next()
    {
        const auto piece = input_.substr(0, input_.find('\0'));
        input_.remove_prefix(std::min(piece.size() + 1, input_.size()));
        return std::string(piece);
    }

private:
    std::string_view input_;
};

void demand(bool condition)
{
    if (!condition)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    (void)postern::read_authserv_id(input);
    (void)postern::strict::parse_auth_results(input);

    Pieces pieces(input);
    const auto id = pieces.next();
    std::vector<postern::AuthResult> results;
    while (pieces.are_left() && results.size() < 20) {
        postern::AuthResult result{pieces.next(), pieces.next(), pieces.next(), pieces.next(), {}};
        result.properties.push_back({pieces.next(), pieces.next(), pieces.next()});
        result.properties.push_back({"header", "d", pieces.next()});
        results.push_back(result);
    }
    for (const auto charset : {postern::FieldCharset::ascii, postern::FieldCharset::utf8}) {
        const auto field = postern::write_auth_results(id, results, charset);
        const auto read = postern::strict::parse_auth_results(field);
        demand(read.has_value());
        demand(read->results.size() == results.size());
        for (const auto& result : read->results)
            demand(result.properties.size() == 2);
    }
    return 0;
}
