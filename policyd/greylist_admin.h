// greylist_admin - what an operator does with the greylist's rows
//
// Looking, letting pass, forgetting, exporting, importing: on the rows
// themselves, a page at a time, so that a large greylist needs no large
// memory and a running daemon is not kept from writing for long. A key is
// named by its parts, as `list` shows them: CLIENT is an address or a network
// ("192.0.2.7" and "192.0.2.0" are one with a prefix of 24), or "@domain".
// Output is lines of words with one blank between, and does not change its
// form: what is new comes behind.
// Failure: the Error says what the store, or the reader of the output, did.
// See: greylist_text, postgrey_dump; postern(1) for the commands
#pragma once

#include "common/clock.h"
#include "policyd/greylist_decision.h"
#include "policyd/greylist_records.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postern {

struct GreylistFilter {
    std::string client, sender, recipient; // empty: any; else a part of it
    bool waiting = false, passed = false;  // both or neither: any
    std::int64_t limit = 0;                // rows; 0: all
};

struct GreylistImport {
    std::uint64_t read = 0, written = 0;
    std::vector<std::string> faults; // the first of them, "3: what", by the number of the line
    std::uint64_t more_faults = 0;
};

class GreylistAdmin {
public:
    using Output = std::function<bool(std::string_view text)>; // false: nobody reads on
    using Input = std::function<bool(std::string& line)>;      // false: the end

    struct Rules {
        GreylistPolicy policy;
        int ipv4_prefix = 24, ipv6_prefix = 64;
        bool client_by_address = false;
    };

    GreylistAdmin(GreylistRecords& records, Rules rules, Timestamp now, Output output);

    Result<> list(const GreylistFilter& filter);
    Result<> clients(const GreylistFilter& filter);
    Result<> show(std::string_view client, std::string_view sender, std::string_view recipient);
    Result<> stats();
    Result<> report(bool with_triplets); // who was told to come again, could have, and did not
    Result<> export_all();

    // Without a sender and a recipient: the client as a whole. Each says what it did.
    Result<> pass(std::string_view client, std::string_view sender, std::string_view recipient);
    Result<> forget(std::string_view client, std::string_view sender, std::string_view recipient);

    Result<GreylistImport> import(const Input& input);
    Result<GreylistImport> import_postgrey(const Input& input, std::chrono::seconds delay);

private:
    using Row = std::function<Result<bool>(const GreylistWrite& row)>; // false: enough
    Result<> each(GreylistRecords::Table table, const std::string& from, const Row& row);
    Result<> say(const std::string& text);
    Result<GreylistKeyPair> keys_of(std::string_view client, std::string_view sender, std::string_view recipient) const;
    Result<> erase(std::vector<GreylistWrite> rows);
    template <class ReadLine>
    Result<GreylistImport> import_lines(const Input& input, ReadLine read_line);

    GreylistRecords& records_;
    Rules rules_;
    Timestamp now_;
    Output output_;
};

} // namespace postern
