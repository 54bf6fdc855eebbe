-- SPDX-License-Identifier: BSD-3-Clause
-- common.lua - what the scripts here share: the two hosts that Pktgen plays, and one trial.
--
-- Port 0 is the site's host, port 1 the cloud's. Both gateways are set in site.conf and cloud.conf.

local common = {}

common.ports = {
	["0"] = { address = "192.168.1.12", gateway_mac = "02:00:00:00:01:01" },
	["1"] = { address = "10.100.1.6",   gateway_mac = "02:00:00:00:02:01" },
}

-- Bytes of a frame, FCS included, as Pktgen and RFC 2544 count them. The largest is 1420 bytes of
-- IP: it fits ESP with any suite in 1500 bytes.
common.sizes = { 82, 128, 256, 512, 1024, 1280, 1438 }

local trickle = 0.01 -- percent

local function other(port)
	return port == "0" and "1" or "0"
end

-- Packets of this port: to the other host, through its own gateway.
function common.setup()
	for port, p in pairs(common.ports) do
		pktgen.stop(port)
		pktgen.set_ipaddr(port, "src", p.address .. "/24")
		pktgen.set_ipaddr(port, "dst", common.ports[other(port)].address)
		pktgen.set_mac(port, "dst", p.gateway_mac)
		pktgen.set_proto(port, "udp")
		pktgen.set(port, "sport", 10000)
		pktgen.set(port, "dport", 9)
		pktgen.set(port, "count", 0)
		-- Pktgen answers ARP only where it looks at what comes in.
		pktgen.process(port, "on")
	end
end

local function counters(port)
	return pktgen.portStats(port, "port")[tonumber(port)]
end

-- Send frames of size bytes from a port for ms milliseconds at rate percent of its speed. The other
-- port sends a little, too: Pktgen's answers to ARP leave a port only behind packets that it sends.
-- Returns the packets sent and received, and the seconds they took.
function common.trial(port, size, rate, ms)
	local to = other(port)

	pktgen.set(port, "size", size)
	pktgen.set(port, "rate", rate)
	pktgen.set(to, "size", 82)
	pktgen.set(to, "rate", trickle)
	pktgen.start(to)
	pktgen.delay(500)
	pktgen.clr()
	pktgen.delay(200)
	pktgen.start(port)
	pktgen.delay(ms)
	pktgen.stop(port)
	pktgen.delay(1200) -- the last ones, and Pktgen's own sampling of the counters
	pktgen.stop(to)
	return counters(port).opackets, counters(to).ipackets, ms / 1000
end

return common
