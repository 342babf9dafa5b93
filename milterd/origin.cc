#include "milterd/origin.h"

#include <algorithm>

namespace postern {

Origin origin_of(const Message& message, const OriginRules& rules)
{
    const auto& listeners = rules.daemon_names;
    if (message.is_internal || !message.login.empty()
        || std::find(listeners.begin(), listeners.end(), message.daemon_name) != listeners.end()
        || rules.networks.contains(message.client, message.client_name))
        return Origin::ours;
    return rules.relays.contains(message.client, message.client_name) ? Origin::relay : Origin::stranger;
}

} // namespace postern
