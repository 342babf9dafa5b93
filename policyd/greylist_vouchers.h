// greylist_vouchers - who speaks for a client that would have to wait
//
// Asked only about mail that would be deferred, because it costs DNS
// questions: DNS lists of good clients (list.dnswl.org), and the SPF of
// domains that the operator has listed: a client that may send for one of
// them is one of its mail servers, whatever this mail's sender is.
// An answer by which a list says that it will not answer (127.0.0.255,
// 127.255.255.x and what else is known of it) vouches for nobody.
// Failure: a DNS that does not answer by the time limit speaks for nobody.
// Config: [greylist] allow_zones, spf_domains
// See: common/dnsbl/site, common/dnsbl/known_lists, common/dnsbl/public_name
#pragma once

#include "common/dns/resolver.h"
#include "common/dnsbl/public_name.h"
#include "common/dnsbl/site.h"
#include "common/result.h"
#include "common/spf/spf_answer.h"
#include "config/config.h"

#include <asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

class GreylistVouchers {
public:
    using CheckHost = std::function<asio::awaitable<SharedSpfAnswer>(SpfQuery query, Deadline deadline)>;
    struct Sources {
        std::shared_ptr<Resolver> resolver;
        CheckHost check_host;
        std::function<std::string(const std::string& zone)> shown_zone = public_name; // a zone may hold a key
    };

    // Failure: an entry of allow_zones that is none, which the settings' table has kept out.
    GreylistVouchers() = default; // nobody

    static Result<GreylistVouchers> create(const GreylistSettings& settings, Sources sources);

    bool empty() const { return zones_.empty() && domains_.empty(); }

    using Notes = std::vector<std::string>;

    // "DNS allow list" or "SPF of DOMAIN"; empty: nobody speaks for it. `notes`, if there are any, get what each said.
    asio::awaitable<std::string> voucher(const IpAddress& client, const std::string& helo, Deadline deadline,
                                         Notes* notes = nullptr) const;

private:
    struct Zone {
        std::string name;  // may hold a key
        std::string shown; // what to call it
        std::vector<ReplyFilter> listings, errors; // each: none, or one
        bool counts(const IpAddress& answer) const;
    };
    asio::awaitable<bool> is_listed(const Zone& zone, const IpAddress& client, Deadline deadline) const;

    Sources sources_;
    std::vector<Zone> zones_;
    std::vector<std::string> domains_;
};

} // namespace postern
