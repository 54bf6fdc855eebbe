/* SPDX-License-Identifier: BSD-3-Clause */
/* test_device.c - VLANs of other interfaces: what is one, which are refused, and that they follow
 * the name of the interface they belong to. */
#include "changekit.h"

#include "control/model/device.h"

#define LAN "{ name = \"lan\"; device = \"net_tap0\"; }"

#define WAN(more) "{ name = \"wan\"; device = \"net_tap1\"; " more " }"

#define V100(device, more) "{ name = \"v100\"; device = \"" device "\"; " more " }"

#define INTERFACES(a, b, c) "interface = (" a ",\n" b ",\n" c ");\n"

static void a_vlan_is_told_from_other_devices(void **state)
{
	static const struct {
		const char *device, *parent;
		bool vlan;
	} t[] = {
		{"vlan1@wan", "wan", true},	 {"vlan4094@a@b", "a@b", true},
		{"vlan4095@wan", NULL, true},	 {"vlan0@wan", NULL, true},
		{"vlan01@wan", NULL, true},	 {"vlan@wan", NULL, true},
		{"vlan-1@wan", NULL, true},	 {"vlan1@", NULL, true},
		{"vlan1", NULL, true},		 {"vlan1,x@wan", NULL, true},
		{"net_tap0,a=b@c", NULL, false}, {"vla", NULL, false},
		{"0000:00:1f.6", NULL, false},	 {"vlan18446744073709551617@wan", NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *parent = device_parent(t[i].device);

		assert_int_equal(device_is_vlan(t[i].device), t[i].vlan);
		assert_int_equal(parent != NULL, t[i].parent != NULL);
		if (parent)
			assert_string_equal(parent, t[i].parent);
	}
}

static void a_vlan_of_an_interface_before_it_is_taken(void **state)
{
	(void)state;
	model_free(load_good(INTERFACES(LAN, WAN(""), V100("vlan100@wan", ""))));
	model_free(
		load_good(INTERFACES(LAN, WAN("mtu = 1400;"), V100("vlan1@wan", "mtu = 1400;"))));
	/* what is not opened has nothing wrong with it */
	model_free(load_good(INTERFACES(LAN, WAN(""), V100("vlan1@x", "disabled = true;"))));
}

static void a_vlan_without_its_interface_is_refused(void **state)
{
	(void)state;
	assert_told(INTERFACES(LAN, WAN(""), V100("vlan100@wan2", "")), false,
		    "t.conf:3: /interface \"v100\": device: there is no interface \"wan2\" before "
		    "it");
	assert_told(
		INTERFACES(V100("vlan100@wan", ""), WAN(""), LAN), false,
		"t.conf:1: /interface \"v100\": device: there is no interface \"wan\" before it");
	assert_told(INTERFACES(LAN, WAN("disabled = true;"), V100("vlan100@wan", "")), false,
		    "there is no interface \"wan\" before it");
	assert_told(INTERFACES(LAN, WAN(""), V100("vlan100@v100", "")), false,
		    "there is no interface \"v100\" before it");
}

static void what_cannot_be_a_vlan_is_refused(void **state)
{
	(void)state;
	assert_told(INTERFACES(LAN, WAN(""), V100("vlan4095@wan", "")), false,
		    "t.conf:3: /interface \"v100\": device: \"vlan4095@wan\" is no VLAN; accepted: "
		    "\"vlan1@NAME\" to \"vlan4094@NAME\"");
	assert_told(INTERFACES(WAN(""), V100("vlan1@wan", ""),
			       "{ name = \"x\"; device = \"vlan2@v100\"; }"),
		    false, "t.conf:3: /interface \"x\": device: \"v100\" is a VLAN itself");
	assert_told(
		INTERFACES(LAN, WAN("mtu = 1400;"), V100("vlan1@wan", "")), false,
		"t.conf:3: /interface \"v100\": mtu: 1500 is larger than that of \"wan\", 1400");
}

static void vlans_follow_the_name_of_their_interface(void **state)
{
	struct change c = {.verb = CHANGE_SET,
			   .menu = MENU_INTERFACE,
			   .pick = CHANGE_ITEMS,
			   .which = strdup("wan")};

	(void)state;
	pair(&c, INTERFACE_NAME, "wan2");
	assert_makes(&c,
		     INTERFACES(WAN(""), V100("vlan100@wan", ""),
				"{ name = \"y\"; device = \"vlan7@wan\"; }"),
		     INTERFACES("{ name = \"wan2\"; device = \"net_tap1\";  }",
				V100("vlan100@wan2", ""),
				"{ name = \"y\"; device = \"vlan7@wan2\"; }"));
	/* nobody else's, and no other menu's */
	c = (struct change){.verb = CHANGE_SET,
			    .menu = MENU_INTERFACE,
			    .pick = CHANGE_ITEMS,
			    .which = strdup("lan")};
	pair(&c, INTERFACE_NAME, "site");
	assert_makes(&c, INTERFACES(LAN, WAN(""), V100("vlan100@wan", "")),
		     INTERFACES("{ name = \"site\"; device = \"net_tap0\"; }", WAN(""),
				V100("vlan100@wan", "")));
	c = (struct change){.verb = CHANGE_SET,
			    .menu = MENU_PROFILE,
			    .pick = CHANGE_ITEMS,
			    .which = strdup("wan")};
	pair(&c, PROFILE_NAME, "other");
	assert_makes(
		&c,
		INTERFACES(LAN, WAN(""),
			   V100("vlan100@wan",
				"")) "ip = { ipsec = { profile = ( { name = \"wan\"; } ); }; };\n",
		INTERFACES(
			LAN, WAN(""),
			V100("vlan100@wan",
			     "")) "ip = { ipsec = { profile = ( { name = \"other\"; } ); }; };\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vlan_is_told_from_other_devices),
		cmocka_unit_test(a_vlan_of_an_interface_before_it_is_taken),
		cmocka_unit_test(a_vlan_without_its_interface_is_refused),
		cmocka_unit_test(what_cannot_be_a_vlan_is_refused),
		cmocka_unit_test(vlans_follow_the_name_of_their_interface),
	};

	return cmocka_run_group_tests_name("device", tests, load_setup, changekit_clean);
}
