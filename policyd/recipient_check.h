// recipient_check - keep out mail to who does not exist
//
// In this order: postmaster and abuse always pass; a stranger's network that
// tries addresses is told the same of all (recipient_harvest); the operator's
// table (recipient_table); the directories (recipient_lookup). Recipients of
// domains that no directory names are not judged; where one names none, those
// of strangers' mail are.
// Unlike what judges clients, this one asks of trusted clients' mail, too.
// Failure: a directory that cannot say is "unavailable", with the reason in
// the record, and what that is worth is a setting; it is never "unknown".
// Config: [recipient]
// Log: recipient_check="reject unknown 120us": exists, listed, stale, outside, postmaster, harvest, unavailable (why)
#pragma once

#include "config/config.h"
#include "policyd/check.h"
#include "policyd/recipient_harvest.h"
#include "policyd/recipient_lookup.h"
#include "policyd/recipient_table.h"
#include "policyd/trusted_clients.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace postern {

// What an answer is worth. Pure.
Verdict recipient_verdict(const RecipientAnswer& answer, const RecipientSettings& settings);

class RecipientCheck final : public Check {
public:
    struct Options {
        RecipientSettings settings;
        std::shared_ptr<const TrustedClients> trusted; // not null
        std::shared_ptr<RecipientLookup> lookup;       // not null
        std::shared_ptr<RecipientHarvest> harvest;     // not null
        std::function<std::shared_ptr<const RecipientTable>()> table; // as it is now; null: none
        std::function<std::string()> trouble{};        // of the directories, as it is now; none: they have none
    };

    explicit RecipientCheck(Options options);

    std::string_view name() const override { return "recipient"; }
    VerdictSoon ask(const PolicyRequest& request, PolicyMessage& message, Deadline deadline) override;
    void look_ahead(const PolicyRequest& request, Ahead what) override;
    FunctionState state() const override;

private:
    bool is_stranger(const PolicyRequest& request) const;
    bool is_in_scope(const PolicyRequest& request) const;
    asio::awaitable<Verdict> look_up(const PolicyRequest& request, std::string address, std::optional<Verdict> said,
                                     Deadline deadline);

    Options options_;
    std::string address_; // of the request at hand, in lower case
};

} // namespace postern
