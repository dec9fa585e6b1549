-- Made by make_29c939f.py beside it; never edited.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';
CREATE FUNCTION public.assignments_counted_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    delta record;
BEGIN
    FOR delta IN
        SELECT cluster_id, home_node_id, serving_node_id, sum(n)::bigint AS users,
               sum(CASE WHEN signed_in THEN n ELSE 0 END)::bigint AS signed_in, sum(n * endpoints)::bigint AS endpoints
        FROM (SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, -1 AS n FROM removed) AS change
        GROUP BY cluster_id, home_node_id, serving_node_id
        HAVING sum(n) <> 0 OR sum(CASE WHEN signed_in THEN n ELSE 0 END) <> 0 OR sum(n * endpoints) <> 0
        ORDER BY cluster_id, home_node_id NULLS FIRST, serving_node_id NULLS FIRST
    LOOP
        INSERT INTO assignments_population (cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints)
            VALUES (delta.cluster_id, delta.home_node_id, delta.serving_node_id, 0, 0, 0)
            ON CONFLICT (cluster_id, home_node_id, serving_node_id) DO NOTHING;
        UPDATE assignments_population
            SET users = users + delta.users, signed_in = signed_in + delta.signed_in,
                endpoints = endpoints + delta.endpoints
            WHERE cluster_id = delta.cluster_id
                AND home_node_id IS NOT DISTINCT FROM delta.home_node_id
                AND serving_node_id IS NOT DISTINCT FROM delta.serving_node_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION public.assignments_counted_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    delta record;
BEGIN
    FOR delta IN
        SELECT cluster_id, home_node_id, serving_node_id, sum(n)::bigint AS users,
               sum(CASE WHEN signed_in THEN n ELSE 0 END)::bigint AS signed_in, sum(n * endpoints)::bigint AS endpoints
        FROM (SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, 1 AS n FROM added) AS change
        GROUP BY cluster_id, home_node_id, serving_node_id
        HAVING sum(n) <> 0 OR sum(CASE WHEN signed_in THEN n ELSE 0 END) <> 0 OR sum(n * endpoints) <> 0
        ORDER BY cluster_id, home_node_id NULLS FIRST, serving_node_id NULLS FIRST
    LOOP
        INSERT INTO assignments_population (cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints)
            VALUES (delta.cluster_id, delta.home_node_id, delta.serving_node_id, 0, 0, 0)
            ON CONFLICT (cluster_id, home_node_id, serving_node_id) DO NOTHING;
        UPDATE assignments_population
            SET users = users + delta.users, signed_in = signed_in + delta.signed_in,
                endpoints = endpoints + delta.endpoints
            WHERE cluster_id = delta.cluster_id
                AND home_node_id IS NOT DISTINCT FROM delta.home_node_id
                AND serving_node_id IS NOT DISTINCT FROM delta.serving_node_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION public.assignments_counted_update() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    delta record;
BEGIN
    FOR delta IN
        SELECT cluster_id, home_node_id, serving_node_id, sum(n)::bigint AS users,
               sum(CASE WHEN signed_in THEN n ELSE 0 END)::bigint AS signed_in, sum(n * endpoints)::bigint AS endpoints
        FROM (SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, 1 AS n FROM added UNION ALL SELECT cluster_id, home_node_id, serving_node_id, signed_in, endpoints, -1 AS n FROM removed) AS change
        GROUP BY cluster_id, home_node_id, serving_node_id
        HAVING sum(n) <> 0 OR sum(CASE WHEN signed_in THEN n ELSE 0 END) <> 0 OR sum(n * endpoints) <> 0
        ORDER BY cluster_id, home_node_id NULLS FIRST, serving_node_id NULLS FIRST
    LOOP
        INSERT INTO assignments_population (cluster_id, home_node_id, serving_node_id, users, signed_in, endpoints)
            VALUES (delta.cluster_id, delta.home_node_id, delta.serving_node_id, 0, 0, 0)
            ON CONFLICT (cluster_id, home_node_id, serving_node_id) DO NOTHING;
        UPDATE assignments_population
            SET users = users + delta.users, signed_in = signed_in + delta.signed_in,
                endpoints = endpoints + delta.endpoints
            WHERE cluster_id = delta.cluster_id
                AND home_node_id IS NOT DISTINCT FROM delta.home_node_id
                AND serving_node_id IS NOT DISTINCT FROM delta.serving_node_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION public.assignments_list_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO assignments_listing (user_id, cluster_id, key)
        SELECT a.user_id, a.cluster_id, lower(u.user_id) FROM added a JOIN topology_enduser u ON u.id = a.user_id;
    RETURN NULL;
END $$;
CREATE FUNCTION public.assignments_list_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE assignments_listing SET cluster_id = NEW.cluster_id WHERE user_id = NEW.user_id;
    RETURN NULL;
END $$;
CREATE FUNCTION public.assignments_list_removed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM assignments_listing l USING removed r WHERE l.user_id = r.user_id;
    RETURN NULL;
END $$;
CREATE FUNCTION public.assignments_list_renamed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE assignments_listing SET key = lower(NEW.user_id) WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TABLE public.assignments_approval (
    plan_id bigint NOT NULL,
    approver_name character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    approver_id integer,
    author_id integer,
    CONSTRAINT approver_is_not_author CHECK (((author_id IS NULL) OR (approver_id IS NULL) OR (NOT ((author_id = approver_id) AND (author_id IS NOT NULL) AND (approver_id IS NOT NULL)))))
);
CREATE TABLE public.assignments_assignment (
    user_id bigint NOT NULL,
    signed_in boolean NOT NULL,
    pinned boolean NOT NULL,
    endpoints smallint NOT NULL,
    cluster_id bigint NOT NULL,
    home_node_id bigint,
    serving_node_id bigint,
    CONSTRAINT assignments_assignment_endpoints_check CHECK ((endpoints >= 0)),
    CONSTRAINT served_when_assigned CHECK ((((home_node_id IS NULL) AND (serving_node_id IS NULL) AND (NOT signed_in)) OR ((home_node_id IS NOT NULL) AND (serving_node_id IS NOT NULL))))
);
CREATE TABLE public.assignments_claim (
    id bigint NOT NULL,
    active boolean NOT NULL,
    subcluster_id bigint NOT NULL,
    operation_id bigint NOT NULL
);
ALTER TABLE public.assignments_claim ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_claim_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.assignments_lane (
    id bigint NOT NULL,
    total bigint NOT NULL,
    done bigint NOT NULL,
    skipped bigint NOT NULL,
    cursor bigint NOT NULL,
    node_id bigint,
    operation_id bigint NOT NULL,
    credit double precision NOT NULL,
    CONSTRAINT assignments_lane_done_check CHECK ((done >= 0)),
    CONSTRAINT assignments_lane_skipped_check CHECK ((skipped >= 0)),
    CONSTRAINT assignments_lane_total_check CHECK ((total >= 0)),
    CONSTRAINT lane_counts CHECK ((total >= (done + skipped)))
);
ALTER TABLE public.assignments_lane ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_lane_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.assignments_listing (
    user_id bigint NOT NULL,
    cluster_id bigint NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.assignments_move (
    id bigint NOT NULL,
    done boolean NOT NULL,
    code character varying(48) NOT NULL,
    at timestamp with time zone NOT NULL,
    from_node_id bigint,
    to_node_id bigint,
    user_id bigint NOT NULL,
    operation_id bigint NOT NULL
);
ALTER TABLE public.assignments_move ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_move_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.assignments_operation (
    id bigint NOT NULL,
    kind character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    total bigint NOT NULL,
    done bigint NOT NULL,
    skipped bigint NOT NULL,
    rate double precision,
    anchor_at timestamp with time zone,
    wait_code character varying(48) NOT NULL,
    generation integer NOT NULL,
    heartbeat_at timestamp with time zone,
    author_name character varying(150) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    author_id integer,
    cluster_id bigint NOT NULL,
    from_node_id bigint,
    to_node_id bigint,
    undo_of_id bigint,
    plan_id bigint,
    rate_total double precision,
    credit double precision NOT NULL,
    in_window boolean NOT NULL,
    CONSTRAINT assignments_operation_done_check CHECK ((done >= 0)),
    CONSTRAINT assignments_operation_generation_check CHECK ((generation >= 0)),
    CONSTRAINT assignments_operation_skipped_check CHECK ((skipped >= 0)),
    CONSTRAINT assignments_operation_total_check CHECK ((total >= 0)),
    CONSTRAINT operation_counts CHECK ((total >= (done + skipped))),
    CONSTRAINT operation_kind_known CHECK (((kind)::text = ANY ((ARRAY['move'::character varying, 'rebalance'::character varying, 'failover'::character varying, 'failback'::character varying])::text[]))),
    CONSTRAINT operation_rate CHECK (((rate IS NULL) OR (rate > (0.0)::double precision))),
    CONSTRAINT operation_rate_total CHECK (((rate_total IS NULL) OR (rate_total > (0.0)::double precision))),
    CONSTRAINT operation_state_known CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'paused'::character varying, 'finished'::character varying, 'cancelled'::character varying, 'failed'::character varying])::text[])))
);
ALTER TABLE public.assignments_operation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_operation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.assignments_pin (
    user_id bigint NOT NULL,
    reason character varying(200) NOT NULL,
    owner_name character varying(150) NOT NULL,
    at timestamp with time zone NOT NULL,
    owner_id integer,
    CONSTRAINT pin_says_why CHECK ((NOT ((reason)::text = ''::text)))
);
CREATE TABLE public.assignments_plan (
    id bigint NOT NULL,
    hash character varying(64) NOT NULL,
    goal character varying(16) NOT NULL,
    scope jsonb NOT NULL,
    moves integer NOT NULL,
    minimum_moves integer NOT NULL,
    body jsonb NOT NULL,
    author_name character varying(150) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    author_id integer,
    cluster_id bigint NOT NULL,
    CONSTRAINT assignments_plan_minimum_moves_check CHECK ((minimum_moves >= 0)),
    CONSTRAINT assignments_plan_moves_check CHECK ((moves >= 0)),
    CONSTRAINT plan_goal_known CHECK (((goal)::text = ANY ((ARRAY['balance'::character varying, 'active_standby'::character varying, 'evacuate'::character varying, 'fill'::character varying, 'undo'::character varying, 'move'::character varying])::text[]))),
    CONSTRAINT plan_not_below_minimum CHECK ((moves >= minimum_moves))
);
ALTER TABLE public.assignments_plan ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_plan_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.assignments_plannedmove (
    place bigint CONSTRAINT assignments_plannedmove_id_not_null NOT NULL,
    from_node_id bigint,
    plan_id bigint NOT NULL,
    to_node_id bigint,
    user_id bigint NOT NULL
);
CREATE TABLE public.assignments_population (
    id bigint NOT NULL,
    users bigint NOT NULL,
    signed_in bigint NOT NULL,
    endpoints bigint NOT NULL,
    cluster_id bigint NOT NULL,
    home_node_id bigint,
    serving_node_id bigint,
    CONSTRAINT population_counts CHECK (((endpoints >= 0) AND (signed_in >= 0) AND (signed_in <= users) AND (users >= 0)))
);
ALTER TABLE public.assignments_population ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_population_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.assignments_runpolicy (
    cluster_id bigint NOT NULL,
    automation character varying(16) NOT NULL,
    threshold smallint NOT NULL,
    rounds smallint NOT NULL,
    minimum_gain smallint NOT NULL,
    cooldown_minutes integer NOT NULL,
    window_start time without time zone NOT NULL,
    window_end time without time zone NOT NULL,
    zone character varying(64) NOT NULL,
    approval_required boolean NOT NULL,
    held integer NOT NULL,
    code character varying(48) NOT NULL,
    facts jsonb NOT NULL,
    checked_at timestamp with time zone,
    plan_id bigint,
    CONSTRAINT assignments_runpolicy_cooldown_minutes_check CHECK ((cooldown_minutes >= 0)),
    CONSTRAINT assignments_runpolicy_held_check CHECK ((held >= 0)),
    CONSTRAINT assignments_runpolicy_minimum_gain_check CHECK ((minimum_gain >= 0)),
    CONSTRAINT assignments_runpolicy_rounds_check CHECK ((rounds >= 0)),
    CONSTRAINT assignments_runpolicy_threshold_check CHECK ((threshold >= 0)),
    CONSTRAINT automation_known CHECK (((automation)::text = ANY ((ARRAY['off'::character varying, 'recommend'::character varying, 'on'::character varying])::text[]))),
    CONSTRAINT run_policy_ranges CHECK (((cooldown_minutes <= 43200) AND ((minimum_gain >= 1) AND (minimum_gain <= 1000)) AND ((rounds >= 1) AND (rounds <= 1000)) AND ((threshold >= 1) AND (threshold <= 1000))))
);
CREATE TABLE public.assignments_savedview (
    id bigint NOT NULL,
    name character varying(60) NOT NULL,
    query character varying(2000) NOT NULL,
    cluster_id bigint,
    owner_id integer NOT NULL,
    CONSTRAINT saved_view_named CHECK ((NOT ((name)::text = ''::text)))
);
ALTER TABLE public.assignments_savedview ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_savedview_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.assignments_simulation (
    id bigint NOT NULL,
    key character varying(16) NOT NULL,
    hash character varying(64) NOT NULL,
    name character varying(200) NOT NULL,
    seed bigint NOT NULL,
    scenario jsonb NOT NULL,
    result jsonb NOT NULL,
    film jsonb NOT NULL,
    users bigint NOT NULL,
    author_name character varying(150) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    author_id integer,
    cluster_id bigint,
    CONSTRAINT assignments_simulation_users_check CHECK ((users >= 0)),
    CONSTRAINT simulation_has_a_name CHECK ((NOT ((name)::text = ''::text)))
);
ALTER TABLE public.assignments_simulation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_simulation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);
ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);
ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_user (
    id integer NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL
);
CREATE TABLE public.auth_user_groups (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    group_id integer NOT NULL
);
ALTER TABLE public.auth_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.auth_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_user_user_permissions (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);
ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);
CREATE TABLE public.topology_cluster (
    id bigint NOT NULL,
    name character varying(128) NOT NULL,
    mode character varying(16) NOT NULL,
    model character varying(24) NOT NULL,
    clock_real timestamp with time zone NOT NULL,
    clock_cluster timestamp with time zone NOT NULL,
    clock_speed smallint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT cluster_clock_speed CHECK (((clock_speed >= 1) AND (clock_speed <= 600))),
    CONSTRAINT cluster_mode_known CHECK (((mode)::text = ANY ((ARRAY['balanced'::character varying, 'active_standby'::character varying, 'manual'::character varying])::text[]))),
    CONSTRAINT cluster_model_known CHECK (((model)::text = ANY ((ARRAY['balanced_non_redundant'::character varying, 'balanced_redundant'::character varying, 'active_standby'::character varying])::text[]))),
    CONSTRAINT cluster_name_form CHECK (((name)::text ~ '^[A-Za-z0-9_-]{1,128}$'::text)),
    CONSTRAINT topology_cluster_clock_speed_check CHECK ((clock_speed >= 0))
);
ALTER TABLE public.topology_cluster ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.topology_cluster_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.topology_enduser (
    id bigint NOT NULL,
    user_id character varying(132) NOT NULL,
    name character varying(255) NOT NULL,
    mail character varying(255) NOT NULL,
    endpoints character varying(32)[] NOT NULL,
    contacts smallint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT at_most_200_contacts CHECK ((contacts <= 200)),
    CONSTRAINT endpoints_known CHECK ((endpoints <@ ARRAY['desk_phone'::character varying(32), 'personal_communicator'::character varying(32), 'mobile_communicator'::character varying(32), 'mobile_communicator_soft'::character varying(32), 'office_communicator'::character varying(32), 'sametime'::character varying(32), 'third_party'::character varying(32)])),
    CONSTRAINT topology_enduser_contacts_check CHECK ((contacts >= 0)),
    CONSTRAINT user_id_given CHECK ((NOT ((user_id)::text = ''::text)))
);
ALTER TABLE public.topology_enduser ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.topology_enduser_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.topology_event (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    code character varying(48) NOT NULL,
    subcluster_id bigint,
    node_id bigint,
    operation_id bigint,
    actor_name character varying(150) NOT NULL,
    facts jsonb NOT NULL,
    actor_id integer,
    cluster_id bigint
);
ALTER TABLE public.topology_event ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.topology_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.topology_node (
    id bigint NOT NULL,
    slot smallint,
    number smallint NOT NULL,
    name character varying(255) NOT NULL,
    publisher boolean NOT NULL,
    profile integer NOT NULL,
    capacity_users integer NOT NULL,
    capacity_endpoints integer NOT NULL,
    state character varying(48) NOT NULL,
    reason character varying(48) NOT NULL,
    state_since timestamp with time zone NOT NULL,
    power_on boolean NOT NULL,
    network_up boolean NOT NULL,
    database_up boolean NOT NULL,
    failed_services character varying(64)[] NOT NULL,
    cluster_id bigint NOT NULL,
    subcluster_id bigint,
    maintenance_owner character varying(150) NOT NULL,
    maintenance_reason character varying(200) NOT NULL,
    maintenance_signed_in integer NOT NULL,
    maintenance_since timestamp with time zone,
    maintenance_until timestamp with time zone,
    CONSTRAINT at_most_six_nodes CHECK (((number >= 1) AND (number <= 6))),
    CONSTRAINT at_most_two_slots CHECK ((((slot IS NULL) AND (subcluster_id IS NULL)) OR ((slot = ANY (ARRAY[1, 2])) AND (slot IS NOT NULL) AND (subcluster_id IS NOT NULL)))),
    CONSTRAINT node_capacity_positive CHECK (((capacity_endpoints >= 1) AND (capacity_users >= 1))),
    CONSTRAINT node_maintenance_has_owner_and_reason CHECK (((maintenance_until IS NULL) OR ((maintenance_since IS NOT NULL) AND (NOT ((maintenance_owner)::text = ''::text)) AND (NOT ((maintenance_reason)::text = ''::text))))),
    CONSTRAINT node_name_form CHECK (((name)::text ~ '^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$'::text)),
    CONSTRAINT node_profile_known CHECK ((profile = ANY (ARRAY[500, 1000, 2000, 5000, 15000, 25000]))),
    CONSTRAINT node_reason_known CHECK (((reason)::text = ANY ((ARRAY['normal'::character varying, 'on_admin_request'::character varying, 'initialization'::character varying, 'automatic_fallback'::character varying, 'critical_service_down'::character varying, 'database_failure'::character varying, 'start_of_critical_services_failed'::character varying, 'peer_down'::character varying, 'peer_reboot'::character varying, 'peer_down_during_initialization'::character varying, 'take_over_users_failed'::character varying, 'take_back_users_failed'::character varying, 'unknown'::character varying, 'auto_recover_database_failure'::character varying, 'auto_recover_critical_service_down'::character varying, 'high_availability_not_enabled'::character varying])::text[]))),
    CONSTRAINT node_state_known CHECK (((state)::text = ANY ((ARRAY['initializing'::character varying, 'idle'::character varying, 'normal'::character varying, 'running_in_backup_mode'::character varying, 'taking_over'::character varying, 'failing_over'::character varying, 'failed_over'::character varying, 'failed_over_critical_services_not_running'::character varying, 'falling_back'::character varying, 'taking_back'::character varying, 'running_in_failed_mode'::character varying, 'unknown'::character varying, 'backup_activated'::character varying, 'failover_affected_services'::character varying])::text[]))),
    CONSTRAINT topology_node_capacity_endpoints_check CHECK ((capacity_endpoints >= 0)),
    CONSTRAINT topology_node_capacity_users_check CHECK ((capacity_users >= 0)),
    CONSTRAINT topology_node_maintenance_signed_in_check CHECK ((maintenance_signed_in >= 0)),
    CONSTRAINT topology_node_number_check CHECK ((number >= 0)),
    CONSTRAINT topology_node_profile_check CHECK ((profile >= 0)),
    CONSTRAINT topology_node_slot_check CHECK ((slot >= 0))
);
ALTER TABLE public.topology_node ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.topology_node_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.topology_policy (
    cluster_id bigint NOT NULL,
    service_port integer NOT NULL,
    admin_rpc_port integer NOT NULL,
    critical_service_delay integer NOT NULL,
    enable_automatic_fallback boolean NOT NULL,
    automatic_fallback_delay integer NOT NULL,
    initialization_keep_alive_timeout integer NOT NULL,
    keep_alive_timeout integer NOT NULL,
    keep_alive_interval integer NOT NULL,
    relogin_lower_limit integer NOT NULL,
    serve_beyond_capacity boolean NOT NULL,
    moves_per_second integer NOT NULL,
    automatic_fallback_from integer,
    automatic_fallback_hold_down integer NOT NULL,
    automatic_fallback_until integer,
    canary_fallback boolean NOT NULL,
    done_within_minutes double precision,
    failover_limit integer NOT NULL,
    failover_limit_hours integer NOT NULL,
    sign_ins_per_second double precision,
    CONSTRAINT policy_fallback_ranges CHECK ((((automatic_fallback_hold_down >= 0) AND (automatic_fallback_hold_down <= 604800)) AND ((failover_limit >= 1) AND (failover_limit <= 20)) AND ((failover_limit_hours >= 1) AND (failover_limit_hours <= 168)) AND ((automatic_fallback_from IS NULL) OR (automatic_fallback_from < 86400)) AND ((automatic_fallback_until IS NULL) OR (automatic_fallback_until < 86400)))),
    CONSTRAINT policy_one_budget CHECK ((((sign_ins_per_second IS NULL) OR (done_within_minutes IS NULL)) AND ((sign_ins_per_second IS NULL) OR ((sign_ins_per_second >= (0.1)::double precision) AND (sign_ins_per_second <= (10000.0)::double precision))) AND ((done_within_minutes IS NULL) OR ((done_within_minutes >= (0.1)::double precision) AND (done_within_minutes <= (10080.0)::double precision))))),
    CONSTRAINT policy_ports CHECK ((((admin_rpc_port >= 1) AND (admin_rpc_port <= 65535)) AND ((service_port >= 1) AND (service_port <= 65535)))),
    CONSTRAINT policy_ranges CHECK ((((automatic_fallback_delay >= 60) AND (automatic_fallback_delay <= 86400)) AND ((critical_service_delay >= 1) AND (critical_service_delay <= 3600)) AND ((initialization_keep_alive_timeout >= 1) AND (initialization_keep_alive_timeout <= 3600)) AND ((keep_alive_interval >= 1) AND (keep_alive_interval <= 600)) AND ((moves_per_second >= 1) AND (moves_per_second <= 100000)) AND ((relogin_lower_limit >= 0) AND (relogin_lower_limit <= 3600)))),
    CONSTRAINT policy_timeout_covers_interval CHECK (((keep_alive_timeout >= keep_alive_interval) AND (keep_alive_timeout <= 3600))),
    CONSTRAINT topology_policy_admin_rpc_port_check CHECK ((admin_rpc_port >= 0)),
    CONSTRAINT topology_policy_automatic_fallback_delay_check CHECK ((automatic_fallback_delay >= 0)),
    CONSTRAINT topology_policy_automatic_fallback_from_check CHECK ((automatic_fallback_from >= 0)),
    CONSTRAINT topology_policy_automatic_fallback_hold_down_check CHECK ((automatic_fallback_hold_down >= 0)),
    CONSTRAINT topology_policy_automatic_fallback_until_check CHECK ((automatic_fallback_until >= 0)),
    CONSTRAINT topology_policy_critical_service_delay_check CHECK ((critical_service_delay >= 0)),
    CONSTRAINT topology_policy_failover_limit_check CHECK ((failover_limit >= 0)),
    CONSTRAINT topology_policy_failover_limit_hours_check CHECK ((failover_limit_hours >= 0)),
    CONSTRAINT topology_policy_initialization_keep_alive_timeout_check CHECK ((initialization_keep_alive_timeout >= 0)),
    CONSTRAINT topology_policy_keep_alive_interval_check CHECK ((keep_alive_interval >= 0)),
    CONSTRAINT topology_policy_keep_alive_timeout_check CHECK ((keep_alive_timeout >= 0)),
    CONSTRAINT topology_policy_moves_per_second_check CHECK ((moves_per_second >= 0)),
    CONSTRAINT topology_policy_relogin_lower_limit_check CHECK ((relogin_lower_limit >= 0)),
    CONSTRAINT topology_policy_service_port_check CHECK ((service_port >= 0))
);
CREATE TABLE public.topology_signinlink (
    id bigint NOT NULL,
    token_hash character varying(64) NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    user_id integer NOT NULL
);
ALTER TABLE public.topology_signinlink ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.topology_signinlink_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.topology_subcluster (
    id bigint NOT NULL,
    name character varying(128) NOT NULL,
    description character varying(128) NOT NULL,
    "position" smallint NOT NULL,
    ha_enabled boolean NOT NULL,
    srm jsonb NOT NULL,
    next_wake timestamp with time zone,
    version bigint NOT NULL,
    cluster_id bigint NOT NULL,
    CONSTRAINT subcluster_description_form CHECK (((description)::text ~ '^[^"%&\\<>]*$'::text)),
    CONSTRAINT subcluster_name_form CHECK (((name)::text ~ '^[A-Za-z0-9_-]{1,128}$'::text)),
    CONSTRAINT topology_subcluster_position_check CHECK (("position" >= 0)),
    CONSTRAINT topology_subcluster_version_check CHECK ((version >= 0))
);
ALTER TABLE public.topology_subcluster ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.topology_subcluster_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO public.assignments_approval VALUES
	(1, 'bert', '2026-11-26 10:16:26+00', 2, 1);
INSERT INTO public.assignments_assignment VALUES
	(62, true, false, 1, 1, 2, 2),
	(64, true, false, 1, 1, 2, 2),
	(66, true, false, 1, 1, 2, 2),
	(68, true, false, 1, 1, 2, 2),
	(70, true, false, 1, 1, 2, 2),
	(72, true, false, 1, 1, 2, 2),
	(74, true, false, 1, 1, 2, 2),
	(76, true, false, 1, 1, 2, 2),
	(78, true, false, 1, 1, 2, 2),
	(80, true, false, 1, 1, 2, 2),
	(82, true, false, 1, 1, 2, 2),
	(84, true, false, 1, 1, 2, 2),
	(86, true, false, 1, 1, 2, 2),
	(88, true, false, 1, 1, 2, 2),
	(90, true, false, 1, 1, 2, 2),
	(92, true, false, 1, 1, 2, 2),
	(94, true, false, 1, 1, 2, 2),
	(96, true, false, 1, 1, 2, 2),
	(98, true, false, 1, 1, 2, 2),
	(100, true, false, 1, 1, 2, 2),
	(104, true, false, 1, 1, 3, 3),
	(106, true, false, 1, 1, 3, 3),
	(108, true, false, 1, 1, 3, 3),
	(110, true, false, 1, 1, 3, 3),
	(112, true, false, 1, 1, 3, 3),
	(114, true, false, 1, 1, 3, 3),
	(116, true, false, 1, 1, 3, 3),
	(118, true, false, 1, 1, 3, 3),
	(120, true, false, 1, 1, 3, 3),
	(103, true, false, 1, 1, 5, 5),
	(105, true, false, 1, 1, 5, 5),
	(1, true, false, 1, 1, 2, 2),
	(113, true, false, 1, 1, 5, 5),
	(115, true, false, 1, 1, 5, 5),
	(117, true, false, 1, 1, 5, 5),
	(119, true, false, 1, 1, 5, 5),
	(2, true, false, 1, 1, 1, 2),
	(3, true, false, 1, 1, 1, 2),
	(4, true, false, 1, 1, 1, 2),
	(5, true, false, 1, 1, 1, 2),
	(6, true, false, 1, 1, 1, 2),
	(7, true, false, 1, 1, 1, 2),
	(8, true, false, 1, 1, 1, 2),
	(10, true, false, 1, 1, 1, 2),
	(85, true, false, 1, 1, 2, 2),
	(87, true, false, 1, 1, 2, 2),
	(89, true, false, 1, 1, 2, 2),
	(91, true, false, 1, 1, 2, 2),
	(93, true, false, 1, 1, 2, 2),
	(95, true, false, 1, 1, 2, 2),
	(97, true, false, 1, 1, 2, 2),
	(99, true, false, 1, 1, 2, 2),
	(12, true, false, 1, 1, 1, 2),
	(14, false, false, 1, 1, 1, 1),
	(16, false, false, 1, 1, 1, 1),
	(18, false, false, 1, 1, 1, 1),
	(20, false, false, 1, 1, 1, 1),
	(22, false, false, 1, 1, 1, 1),
	(24, false, false, 1, 1, 1, 1),
	(25, false, false, 1, 1, 1, 1),
	(26, false, false, 1, 1, 1, 1),
	(27, false, false, 1, 1, 1, 1),
	(28, false, false, 1, 1, 1, 1),
	(29, false, false, 1, 1, 1, 1),
	(30, false, false, 1, 1, 1, 1),
	(31, false, false, 1, 1, 1, 1),
	(32, false, false, 1, 1, 1, 1),
	(122, true, false, 1, 1, 3, 3),
	(124, true, false, 1, 1, 3, 3),
	(126, true, false, 1, 1, 3, 3),
	(128, true, false, 1, 1, 3, 3),
	(130, true, false, 1, 1, 3, 3),
	(132, true, false, 1, 1, 3, 3),
	(134, true, false, 1, 1, 3, 3),
	(136, true, false, 1, 1, 3, 3),
	(138, true, false, 1, 1, 3, 3),
	(140, true, false, 1, 1, 3, 3),
	(142, true, false, 1, 1, 3, 3),
	(144, true, false, 1, 1, 3, 3),
	(146, true, false, 1, 1, 3, 3),
	(148, true, false, 1, 1, 3, 3),
	(150, true, false, 1, 1, 3, 3),
	(152, true, false, 1, 1, 3, 3),
	(154, true, false, 1, 1, 3, 3),
	(156, true, false, 1, 1, 3, 3),
	(158, true, false, 1, 1, 3, 3),
	(160, true, false, 1, 1, 3, 3),
	(162, true, false, 1, 1, 3, 3),
	(164, true, false, 1, 1, 3, 3),
	(166, true, false, 1, 1, 3, 3),
	(168, true, false, 1, 1, 3, 3),
	(170, true, false, 1, 1, 3, 3),
	(174, true, false, 1, 1, 5, 5),
	(176, true, false, 1, 1, 5, 5),
	(178, true, false, 1, 1, 5, 5),
	(180, true, false, 1, 1, 5, 5),
	(182, true, false, 1, 1, 5, 5),
	(184, true, false, 1, 1, 5, 5),
	(186, true, false, 1, 1, 5, 5),
	(188, true, false, 1, 1, 5, 5),
	(190, true, false, 1, 1, 5, 5),
	(192, true, false, 1, 1, 5, 5),
	(193, false, false, 1, 1, NULL, NULL),
	(194, false, false, 1, 1, NULL, NULL),
	(195, false, false, 1, 1, NULL, NULL),
	(196, false, false, 1, 1, NULL, NULL),
	(197, false, false, 1, 1, NULL, NULL),
	(198, false, false, 1, 1, NULL, NULL),
	(199, false, false, 1, 1, NULL, NULL),
	(200, false, false, 1, 1, NULL, NULL),
	(202, true, false, 1, 2, 7, 7),
	(204, true, false, 1, 2, 7, 7),
	(207, false, false, 1, 2, NULL, NULL),
	(208, false, false, 1, 2, NULL, NULL),
	(102, true, true, 1, 1, 3, 3),
	(101, true, true, 1, 1, 3, 3),
	(121, true, false, 1, 1, 5, 5),
	(201, true, false, 1, 2, 7, 7),
	(203, true, false, 1, 2, 7, 7),
	(205, true, false, 1, 2, 7, 7),
	(206, true, false, 1, 2, 7, 7),
	(61, true, false, 1, 1, 2, 2),
	(63, true, false, 1, 1, 2, 2),
	(65, true, false, 1, 1, 2, 2),
	(67, true, false, 1, 1, 2, 2),
	(69, true, false, 1, 1, 2, 2),
	(71, true, false, 1, 1, 2, 2),
	(73, true, false, 1, 1, 2, 2),
	(75, true, false, 1, 1, 2, 2),
	(77, true, false, 1, 1, 2, 2),
	(79, true, false, 1, 1, 2, 2),
	(81, true, false, 1, 1, 2, 2),
	(83, true, false, 1, 1, 2, 2),
	(173, true, false, 1, 1, 5, 5),
	(175, true, false, 1, 1, 5, 5),
	(177, true, false, 1, 1, 5, 5),
	(179, true, false, 1, 1, 5, 5),
	(181, true, false, 1, 1, 5, 5),
	(183, true, false, 1, 1, 5, 5),
	(185, true, false, 1, 1, 5, 5),
	(187, true, false, 1, 1, 5, 5),
	(189, true, false, 1, 1, 5, 5),
	(123, true, false, 1, 1, 3, 3),
	(125, true, false, 1, 1, 3, 3),
	(127, true, false, 1, 1, 3, 3),
	(129, true, false, 1, 1, 3, 3),
	(131, true, false, 1, 1, 3, 3),
	(133, true, false, 1, 1, 3, 3),
	(135, true, false, 1, 1, 3, 3),
	(15, false, false, 1, 1, 1, 1),
	(17, false, false, 1, 1, 1, 1),
	(19, false, false, 1, 1, 1, 1),
	(21, false, false, 1, 1, 1, 1),
	(23, false, false, 1, 1, 1, 1),
	(137, true, false, 1, 1, 3, 3),
	(139, true, false, 1, 1, 3, 3),
	(141, true, false, 1, 1, 3, 3),
	(143, true, false, 1, 1, 3, 3),
	(145, true, false, 1, 1, 3, 3),
	(147, true, false, 1, 1, 3, 3),
	(149, true, false, 1, 1, 3, 3),
	(151, true, false, 1, 1, 3, 3),
	(171, true, false, 1, 1, 5, 5),
	(172, true, false, 1, 1, 5, 5),
	(107, true, false, 1, 1, 5, 5),
	(109, true, false, 1, 1, 5, 5),
	(111, true, false, 1, 1, 5, 5),
	(9, true, false, 1, 1, 1, 2),
	(11, true, false, 1, 1, 1, 2),
	(13, true, false, 1, 1, 1, 2),
	(191, true, false, 1, 1, 5, 5),
	(33, false, false, 1, 1, 1, 1),
	(34, false, false, 1, 1, 1, 1),
	(35, false, false, 1, 1, 1, 1),
	(36, false, false, 1, 1, 1, 1),
	(37, false, false, 1, 1, 1, 1),
	(38, false, false, 1, 1, 1, 1),
	(39, false, false, 1, 1, 1, 1),
	(40, false, false, 1, 1, 1, 1),
	(41, false, false, 1, 1, 1, 1),
	(42, false, false, 1, 1, 1, 1),
	(43, false, false, 1, 1, 1, 1),
	(44, false, false, 1, 1, 1, 1),
	(45, false, false, 1, 1, 1, 1),
	(46, false, false, 1, 1, 1, 1),
	(47, false, false, 1, 1, 1, 1),
	(48, false, false, 1, 1, 1, 1),
	(49, false, false, 1, 1, 1, 1),
	(50, false, false, 1, 1, 1, 1),
	(51, false, false, 1, 1, 1, 1),
	(52, false, false, 1, 1, 1, 1),
	(53, false, false, 1, 1, 1, 1),
	(54, false, false, 1, 1, 1, 1),
	(55, false, false, 1, 1, 1, 1),
	(56, false, false, 1, 1, 1, 1),
	(57, false, false, 1, 1, 1, 1),
	(58, false, false, 1, 1, 1, 1),
	(59, false, false, 1, 1, 1, 1),
	(60, false, false, 1, 1, 1, 1),
	(153, true, false, 1, 1, 3, 3),
	(155, true, false, 1, 1, 3, 3),
	(157, true, false, 1, 1, 3, 3),
	(159, true, false, 1, 1, 3, 3),
	(161, true, false, 1, 1, 3, 3),
	(163, true, false, 1, 1, 3, 3),
	(165, true, false, 1, 1, 3, 3),
	(167, true, false, 1, 1, 3, 3),
	(169, true, false, 1, 1, 3, 3);
INSERT INTO public.assignments_claim VALUES
	(1, true, 2, 2),
	(2, true, 3, 2),
	(3, false, 1, 3),
	(4, true, 1, 4);
INSERT INTO public.assignments_lane VALUES
	(2, 10, 1, 0, 1, 2, 3, 0),
	(1, 52, 12, 0, 20, 5, 2, 0);
INSERT INTO public.assignments_listing VALUES
	(1, 1, 'imp1a-0001'),
	(2, 1, 'imp1a-0002'),
	(3, 1, 'imp1a-0003'),
	(4, 1, 'imp1a-0004'),
	(5, 1, 'imp1a-0005'),
	(6, 1, 'imp1a-0006'),
	(7, 1, 'imp1a-0007'),
	(8, 1, 'imp1a-0008'),
	(9, 1, 'imp1a-0009'),
	(10, 1, 'imp1a-0010'),
	(11, 1, 'imp1a-0011'),
	(12, 1, 'imp1a-0012'),
	(13, 1, 'imp1a-0013'),
	(14, 1, 'imp1a-0014'),
	(15, 1, 'imp1a-0015'),
	(16, 1, 'imp1a-0016'),
	(17, 1, 'imp1a-0017'),
	(18, 1, 'imp1a-0018'),
	(19, 1, 'imp1a-0019'),
	(20, 1, 'imp1a-0020'),
	(21, 1, 'imp1a-0021'),
	(22, 1, 'imp1a-0022'),
	(23, 1, 'imp1a-0023'),
	(24, 1, 'imp1a-0024'),
	(25, 1, 'imp1a-0025'),
	(26, 1, 'imp1a-0026'),
	(27, 1, 'imp1a-0027'),
	(28, 1, 'imp1a-0028'),
	(29, 1, 'imp1a-0029'),
	(30, 1, 'imp1a-0030'),
	(31, 1, 'imp1a-0031'),
	(32, 1, 'imp1a-0032'),
	(33, 1, 'imp1a-0033'),
	(34, 1, 'imp1a-0034'),
	(35, 1, 'imp1a-0035'),
	(36, 1, 'imp1a-0036'),
	(37, 1, 'imp1a-0037'),
	(38, 1, 'imp1a-0038'),
	(39, 1, 'imp1a-0039'),
	(40, 1, 'imp1a-0040'),
	(41, 1, 'imp1a-0041'),
	(42, 1, 'imp1a-0042'),
	(43, 1, 'imp1a-0043'),
	(44, 1, 'imp1a-0044'),
	(45, 1, 'imp1a-0045'),
	(46, 1, 'imp1a-0046'),
	(47, 1, 'imp1a-0047'),
	(48, 1, 'imp1a-0048'),
	(49, 1, 'imp1a-0049'),
	(50, 1, 'imp1a-0050'),
	(51, 1, 'imp1a-0051'),
	(52, 1, 'imp1a-0052'),
	(53, 1, 'imp1a-0053'),
	(54, 1, 'imp1a-0054'),
	(55, 1, 'imp1a-0055'),
	(56, 1, 'imp1a-0056'),
	(57, 1, 'imp1a-0057'),
	(58, 1, 'imp1a-0058'),
	(59, 1, 'imp1a-0059'),
	(60, 1, 'imp1a-0060'),
	(61, 1, 'imp1b-0001'),
	(62, 1, 'imp1b-0002'),
	(63, 1, 'imp1b-0003'),
	(64, 1, 'imp1b-0004'),
	(65, 1, 'imp1b-0005'),
	(66, 1, 'imp1b-0006'),
	(67, 1, 'imp1b-0007'),
	(68, 1, 'imp1b-0008'),
	(69, 1, 'imp1b-0009'),
	(70, 1, 'imp1b-0010'),
	(71, 1, 'imp1b-0011'),
	(72, 1, 'imp1b-0012'),
	(73, 1, 'imp1b-0013'),
	(74, 1, 'imp1b-0014'),
	(75, 1, 'imp1b-0015'),
	(76, 1, 'imp1b-0016'),
	(77, 1, 'imp1b-0017'),
	(78, 1, 'imp1b-0018'),
	(79, 1, 'imp1b-0019'),
	(80, 1, 'imp1b-0020'),
	(81, 1, 'imp1b-0021'),
	(82, 1, 'imp1b-0022'),
	(83, 1, 'imp1b-0023'),
	(84, 1, 'imp1b-0024'),
	(85, 1, 'imp1b-0025'),
	(86, 1, 'imp1b-0026'),
	(87, 1, 'imp1b-0027'),
	(88, 1, 'imp1b-0028'),
	(89, 1, 'imp1b-0029'),
	(90, 1, 'imp1b-0030'),
	(91, 1, 'imp1b-0031'),
	(92, 1, 'imp1b-0032'),
	(93, 1, 'imp1b-0033'),
	(94, 1, 'imp1b-0034'),
	(95, 1, 'imp1b-0035'),
	(96, 1, 'imp1b-0036'),
	(97, 1, 'imp1b-0037'),
	(98, 1, 'imp1b-0038'),
	(99, 1, 'imp1b-0039'),
	(100, 1, 'imp1b-0040'),
	(101, 1, 'imp2a-0001'),
	(102, 1, 'imp2a-0002'),
	(103, 1, 'imp2a-0003'),
	(104, 1, 'imp2a-0004'),
	(105, 1, 'imp2a-0005'),
	(106, 1, 'imp2a-0006'),
	(107, 1, 'imp2a-0007'),
	(108, 1, 'imp2a-0008'),
	(109, 1, 'imp2a-0009'),
	(110, 1, 'imp2a-0010'),
	(111, 1, 'imp2a-0011'),
	(112, 1, 'imp2a-0012'),
	(113, 1, 'imp2a-0013'),
	(114, 1, 'imp2a-0014'),
	(115, 1, 'imp2a-0015'),
	(116, 1, 'imp2a-0016'),
	(117, 1, 'imp2a-0017'),
	(118, 1, 'imp2a-0018'),
	(119, 1, 'imp2a-0019'),
	(120, 1, 'imp2a-0020'),
	(121, 1, 'imp2a-0021'),
	(122, 1, 'imp2a-0022'),
	(123, 1, 'imp2a-0023'),
	(124, 1, 'imp2a-0024'),
	(125, 1, 'imp2a-0025'),
	(126, 1, 'imp2a-0026'),
	(127, 1, 'imp2a-0027'),
	(128, 1, 'imp2a-0028'),
	(129, 1, 'imp2a-0029'),
	(130, 1, 'imp2a-0030'),
	(131, 1, 'imp2a-0031'),
	(132, 1, 'imp2a-0032'),
	(133, 1, 'imp2a-0033'),
	(134, 1, 'imp2a-0034'),
	(135, 1, 'imp2a-0035'),
	(136, 1, 'imp2a-0036'),
	(137, 1, 'imp2a-0037'),
	(138, 1, 'imp2a-0038'),
	(139, 1, 'imp2a-0039'),
	(140, 1, 'imp2a-0040'),
	(141, 1, 'imp2a-0041'),
	(142, 1, 'imp2a-0042'),
	(143, 1, 'imp2a-0043'),
	(144, 1, 'imp2a-0044'),
	(145, 1, 'imp2a-0045'),
	(146, 1, 'imp2a-0046'),
	(147, 1, 'imp2a-0047'),
	(148, 1, 'imp2a-0048'),
	(149, 1, 'imp2a-0049'),
	(150, 1, 'imp2a-0050'),
	(151, 1, 'imp2a-0051'),
	(152, 1, 'imp2a-0052'),
	(153, 1, 'imp2a-0053'),
	(154, 1, 'imp2a-0054'),
	(155, 1, 'imp2a-0055'),
	(156, 1, 'imp2a-0056'),
	(157, 1, 'imp2a-0057'),
	(158, 1, 'imp2a-0058'),
	(159, 1, 'imp2a-0059'),
	(160, 1, 'imp2a-0060'),
	(161, 1, 'imp2a-0061'),
	(162, 1, 'imp2a-0062'),
	(163, 1, 'imp2a-0063'),
	(164, 1, 'imp2a-0064'),
	(165, 1, 'imp2a-0065'),
	(166, 1, 'imp2a-0066'),
	(167, 1, 'imp2a-0067'),
	(168, 1, 'imp2a-0068'),
	(169, 1, 'imp2a-0069'),
	(170, 1, 'imp2a-0070'),
	(171, 1, 'imp2b-0001'),
	(172, 1, 'imp2b-0002'),
	(173, 1, 'imp3a-0001'),
	(174, 1, 'imp3a-0002'),
	(175, 1, 'imp3a-0003'),
	(176, 1, 'imp3a-0004'),
	(177, 1, 'imp3a-0005'),
	(178, 1, 'imp3a-0006'),
	(179, 1, 'imp3a-0007'),
	(180, 1, 'imp3a-0008'),
	(181, 1, 'imp3a-0009'),
	(182, 1, 'imp3a-0010'),
	(183, 1, 'imp3a-0011'),
	(184, 1, 'imp3a-0012'),
	(185, 1, 'imp3a-0013'),
	(186, 1, 'imp3a-0014'),
	(187, 1, 'imp3a-0015'),
	(188, 1, 'imp3a-0016'),
	(189, 1, 'imp3a-0017'),
	(190, 1, 'imp3a-0018'),
	(191, 1, 'imp3a-0019'),
	(192, 1, 'imp3a-0020'),
	(193, 1, 'waiting-0001'),
	(194, 1, 'waiting-0002'),
	(195, 1, 'waiting-0003'),
	(196, 1, 'waiting-0004'),
	(197, 1, 'waiting-0005'),
	(198, 1, 'waiting-0006'),
	(199, 1, 'waiting-0007'),
	(200, 1, 'waiting-0008'),
	(201, 2, 'east-imp1a-0001'),
	(202, 2, 'east-imp1a-0002'),
	(203, 2, 'east-imp1a-0003'),
	(204, 2, 'east-imp1a-0004'),
	(205, 2, 'east-imp1a-0005'),
	(206, 2, 'east-waiting-0001'),
	(207, 2, 'east-waiting-0002'),
	(208, 2, 'east-waiting-0003');
INSERT INTO public.assignments_move VALUES
	(1, true, 'MOVED_BY_HAND', '2026-11-26 10:16:26+00', NULL, 7, 206, 1),
	(2, true, 'PLANNED_REBALANCE', '2026-11-26 10:16:36+00', 3, 5, 103, 2),
	(3, true, 'PLANNED_REBALANCE', '2026-11-26 10:16:46+00', 4, 5, 171, 2),
	(4, true, 'PLANNED_REBALANCE', '2026-11-26 10:16:56+00', 3, 5, 105, 2),
	(5, true, 'PLANNED_REBALANCE', '2026-11-26 10:17:06+00', 4, 5, 172, 2),
	(6, true, 'PLANNED_REBALANCE', '2026-11-26 10:17:16+00', 3, 5, 107, 2),
	(7, true, 'PLANNED_REBALANCE', '2026-11-26 10:17:16+00', 1, 2, 1, 3),
	(8, true, 'PLANNED_REBALANCE', '2026-11-26 10:17:26+00', 3, 5, 109, 2),
	(9, true, 'PLANNED_REBALANCE', '2026-11-26 10:17:36+00', 3, 5, 111, 2),
	(10, true, 'PLANNED_REBALANCE', '2026-11-26 10:17:46+00', 3, 5, 113, 2),
	(11, true, 'PLANNED_REBALANCE', '2026-11-26 10:17:56+00', 3, 5, 115, 2),
	(12, true, 'PLANNED_REBALANCE', '2026-11-26 10:18:06+00', 3, 5, 117, 2),
	(13, true, 'PLANNED_REBALANCE', '2026-11-26 10:18:16+00', 3, 5, 119, 2),
	(14, true, 'PLANNED_REBALANCE', '2026-11-26 10:18:26+00', 3, 5, 121, 2);
INSERT INTO public.assignments_operation VALUES
	(1, 'move', 'finished', 1, 1, 0, NULL, NULL, '', 0, NULL, 'bert', '2026-11-26 10:16:26+00', '2026-11-26 10:16:26+00', '2026-11-26 10:16:26+00', 2, 2, NULL, 7, NULL, NULL, NULL, 0, false),
	(4, 'failover', 'running', 59, 12, 0, 6.024096385542169, '2026-11-26 10:17:26+00', '', 0, '2026-11-26 10:17:27+00', 'engine', '2026-11-26 10:17:27+00', '2026-11-26 10:17:27+00', NULL, NULL, 1, 1, 2, NULL, NULL, NULL, 0, false),
	(2, 'rebalance', 'running', 52, 12, 0, 0.1, '2026-11-26 10:18:26+00', '', 129, '2026-11-26 10:18:34+00', 'anna', '2026-11-26 10:16:26+00', '2026-11-26 10:16:26+00', NULL, 1, 1, NULL, 5, NULL, 1, NULL, 0, false),
	(3, 'rebalance', 'running', 10, 1, 0, 0.02, '2026-11-26 10:17:16+00', 'WAITS_FOR_RECOVERY', 129, '2026-11-26 10:18:34+00', 'bert', '2026-11-26 10:16:26+00', '2026-11-26 10:16:26+00', NULL, 2, 1, 1, 2, NULL, 2, NULL, 0, false);
INSERT INTO public.assignments_pin VALUES
	(101, 'beside the phones of the hall', 'anna', '2026-11-26 10:16:26+00', 1),
	(102, 'beside the phones of the hall', 'anna', '2026-11-26 10:16:26+00', 1);
INSERT INTO public.assignments_plan VALUES
	(1, '0ee3c9d7d697af8873f905f62190b67d3ee950333961a38287fdd3e167b08f4b', 'balance', '{"subclusters": [2, 3]}', 52, 52, '{"flows": [{"to": "imp3a.acme.org", "from": "imp2a.acme.org", "to_id": 5, "users": 50, "crosses": true, "from_id": 3}, {"to": "imp3a.acme.org", "from": "imp2b.acme.org", "to_id": 5, "users": 2, "crosses": true, "from_id": 4}], "nodes": [{"id": 1, "name": "imp1a.acme.org", "after": 60, "before": 60, "capacity": 5000}, {"id": 2, "name": "imp1b.acme.org", "after": 40, "before": 40, "capacity": 5000}, {"id": 3, "name": "imp2a.acme.org", "after": 20, "before": 70, "capacity": 5000}, {"id": 4, "name": "imp2b.acme.org", "after": 0, "before": 2, "capacity": 20}, {"id": 5, "name": "imp3a.acme.org", "after": 72, "before": 20, "capacity": 5000}, {"id": 6, "name": "spare.acme.org", "after": 0, "before": 0, "capacity": 5000}], "crossing": 52, "disturbed": 17, "certificate": "The best balance fills no node above 1.44% of its capacity and leaves these nodes with less than they have: imp2a.acme.org by 50, imp2b.acme.org by 2. A move takes one user off one node, so fewer than 52 moves cannot do."}', 'anna', '2026-11-26 10:16:26+00', 1, 1),
	(2, '17022a5e6aeaef2e94eab923ce53d0d3992f691748f78c37fb00e79352aea048', 'balance', '{"subclusters": [1]}', 10, 10, '{"flows": [{"to": "imp1b.acme.org", "from": "imp1a.acme.org", "to_id": 2, "users": 10, "crosses": false, "from_id": 1}], "nodes": [{"id": 1, "name": "imp1a.acme.org", "after": 50, "before": 60, "capacity": 5000}, {"id": 2, "name": "imp1b.acme.org", "after": 50, "before": 40, "capacity": 5000}, {"id": 3, "name": "imp2a.acme.org", "after": 70, "before": 70, "capacity": 5000}, {"id": 4, "name": "imp2b.acme.org", "after": 2, "before": 2, "capacity": 20}, {"id": 5, "name": "imp3a.acme.org", "after": 20, "before": 20, "capacity": 5000}, {"id": 6, "name": "spare.acme.org", "after": 0, "before": 0, "capacity": 5000}], "crossing": 0, "disturbed": 0, "certificate": "The best balance fills no node above 1.00% of its capacity and leaves these nodes with less than they have: imp1a.acme.org by 10. A move takes one user off one node, so fewer than 10 moves cannot do."}', 'bert', '2026-11-26 10:16:26+00', 2, 1);
INSERT INTO public.assignments_plannedmove VALUES
	(2, 3, 1, 5, 103),
	(4, 3, 1, 5, 105),
	(6, 3, 1, 5, 107),
	(8, 3, 1, 5, 109),
	(10, 3, 1, 5, 111),
	(12, 3, 1, 5, 113),
	(14, 3, 1, 5, 115),
	(16, 3, 1, 5, 117),
	(18, 3, 1, 5, 119),
	(20, 3, 1, 5, 121),
	(22, 3, 1, 5, 123),
	(24, 3, 1, 5, 125),
	(26, 3, 1, 5, 127),
	(28, 3, 1, 5, 129),
	(30, 3, 1, 5, 131),
	(32, 3, 1, 5, 133),
	(34, 3, 1, 5, 135),
	(36, 3, 1, 5, 137),
	(38, 3, 1, 5, 139),
	(40, 3, 1, 5, 141),
	(42, 3, 1, 5, 143),
	(44, 3, 1, 5, 145),
	(46, 3, 1, 5, 147),
	(48, 3, 1, 5, 149),
	(50, 3, 1, 5, 151),
	(52, 3, 1, 5, 153),
	(54, 3, 1, 5, 155),
	(56, 3, 1, 5, 157),
	(58, 3, 1, 5, 159),
	(60, 3, 1, 5, 161),
	(62, 3, 1, 5, 163),
	(64, 3, 1, 5, 165),
	(66, 3, 1, 5, 167),
	(68, 3, 1, 5, 169),
	(70, 3, 1, 5, 104),
	(72, 3, 1, 5, 106),
	(74, 3, 1, 5, 108),
	(76, 3, 1, 5, 110),
	(78, 3, 1, 5, 112),
	(80, 3, 1, 5, 114),
	(82, 3, 1, 5, 116),
	(84, 3, 1, 5, 118),
	(86, 3, 1, 5, 120),
	(88, 3, 1, 5, 122),
	(90, 3, 1, 5, 124),
	(92, 3, 1, 5, 126),
	(94, 3, 1, 5, 128),
	(96, 3, 1, 5, 130),
	(98, 3, 1, 5, 132),
	(100, 3, 1, 5, 134),
	(3, 4, 1, 5, 171),
	(5, 4, 1, 5, 172),
	(1, 1, 2, 2, 1),
	(2, 1, 2, 2, 3),
	(3, 1, 2, 2, 5),
	(4, 1, 2, 2, 7),
	(5, 1, 2, 2, 9),
	(6, 1, 2, 2, 11),
	(7, 1, 2, 2, 13),
	(8, 1, 2, 2, 15),
	(9, 1, 2, 2, 17),
	(10, 1, 2, 2, 19);
INSERT INTO public.assignments_population VALUES
	(6, 8, 0, 8, 1, NULL, NULL),
	(8, 2, 0, 2, 2, NULL, NULL),
	(7, 6, 6, 6, 2, 7, 7),
	(4, 0, 0, 0, 1, 4, 4),
	(2, 41, 41, 41, 1, 2, 2),
	(3, 60, 60, 60, 1, 3, 3),
	(5, 32, 32, 32, 1, 5, 5),
	(1, 47, 0, 47, 1, 1, 1),
	(51, 12, 12, 12, 1, 1, 2);
INSERT INTO public.assignments_savedview VALUES
	(1, 'Hall', 'q=imp2a', 1, 1);
INSERT INTO public.auth_group VALUES
	(1, 'viewer'),
	(2, 'operator'),
	(3, 'administrator');
INSERT INTO public.auth_permission VALUES
	(1, 'Can add permission', 1, 'add_permission'),
	(2, 'Can change permission', 1, 'change_permission'),
	(3, 'Can delete permission', 1, 'delete_permission'),
	(4, 'Can view permission', 1, 'view_permission'),
	(5, 'Can add group', 2, 'add_group'),
	(6, 'Can change group', 2, 'change_group'),
	(7, 'Can delete group', 2, 'delete_group'),
	(8, 'Can view group', 2, 'view_group'),
	(9, 'Can add user', 3, 'add_user'),
	(10, 'Can change user', 3, 'change_user'),
	(11, 'Can delete user', 3, 'delete_user'),
	(12, 'Can view user', 3, 'view_user'),
	(13, 'Can add content type', 4, 'add_contenttype'),
	(14, 'Can change content type', 4, 'change_contenttype'),
	(15, 'Can delete content type', 4, 'delete_contenttype'),
	(16, 'Can view content type', 4, 'view_contenttype'),
	(17, 'Can add session', 5, 'add_session'),
	(18, 'Can change session', 5, 'change_session'),
	(19, 'Can delete session', 5, 'delete_session'),
	(20, 'Can view session', 5, 'view_session'),
	(21, 'Can add cluster', 6, 'add_cluster'),
	(22, 'Can change cluster', 6, 'change_cluster'),
	(23, 'Can delete cluster', 6, 'delete_cluster'),
	(24, 'Can view cluster', 6, 'view_cluster'),
	(25, 'Can add end user', 7, 'add_enduser'),
	(26, 'Can change end user', 7, 'change_enduser'),
	(27, 'Can delete end user', 7, 'delete_enduser'),
	(28, 'Can view end user', 7, 'view_enduser'),
	(29, 'Can add event', 8, 'add_event'),
	(30, 'Can change event', 8, 'change_event'),
	(31, 'Can delete event', 8, 'delete_event'),
	(32, 'Can view event', 8, 'view_event'),
	(33, 'Can add node', 9, 'add_node'),
	(34, 'Can change node', 9, 'change_node'),
	(35, 'Can delete node', 9, 'delete_node'),
	(36, 'Can view node', 9, 'view_node'),
	(37, 'Can add sign in link', 10, 'add_signinlink'),
	(38, 'Can change sign in link', 10, 'change_signinlink'),
	(39, 'Can delete sign in link', 10, 'delete_signinlink'),
	(40, 'Can view sign in link', 10, 'view_signinlink'),
	(41, 'Can add subcluster', 11, 'add_subcluster'),
	(42, 'Can change subcluster', 11, 'change_subcluster'),
	(43, 'Can delete subcluster', 11, 'delete_subcluster'),
	(44, 'Can view subcluster', 11, 'view_subcluster'),
	(45, 'Can add policy', 12, 'add_policy'),
	(46, 'Can change policy', 12, 'change_policy'),
	(47, 'Can delete policy', 12, 'delete_policy'),
	(48, 'Can view policy', 12, 'view_policy'),
	(49, 'Can add plan', 13, 'add_plan'),
	(50, 'Can change plan', 13, 'change_plan'),
	(51, 'Can delete plan', 13, 'delete_plan'),
	(52, 'Can view plan', 13, 'view_plan'),
	(53, 'Can add operation', 14, 'add_operation'),
	(54, 'Can change operation', 14, 'change_operation'),
	(55, 'Can delete operation', 14, 'delete_operation'),
	(56, 'Can view operation', 14, 'view_operation'),
	(57, 'Can add planned move', 15, 'add_plannedmove'),
	(58, 'Can change planned move', 15, 'change_plannedmove'),
	(59, 'Can delete planned move', 15, 'delete_plannedmove'),
	(60, 'Can view planned move', 15, 'view_plannedmove'),
	(61, 'Can add population', 16, 'add_population'),
	(62, 'Can change population', 16, 'change_population'),
	(63, 'Can delete population', 16, 'delete_population'),
	(64, 'Can view population', 16, 'view_population'),
	(65, 'Can add assignment', 17, 'add_assignment'),
	(66, 'Can change assignment', 17, 'change_assignment'),
	(67, 'Can delete assignment', 17, 'delete_assignment'),
	(68, 'Can view assignment', 17, 'view_assignment'),
	(69, 'Can add move', 18, 'add_move'),
	(70, 'Can change move', 18, 'change_move'),
	(71, 'Can delete move', 18, 'delete_move'),
	(72, 'Can view move', 18, 'view_move'),
	(73, 'Can add claim', 19, 'add_claim'),
	(74, 'Can change claim', 19, 'change_claim'),
	(75, 'Can delete claim', 19, 'delete_claim'),
	(76, 'Can view claim', 19, 'view_claim'),
	(77, 'Can add approval', 20, 'add_approval'),
	(78, 'Can change approval', 20, 'change_approval'),
	(79, 'Can delete approval', 20, 'delete_approval'),
	(80, 'Can view approval', 20, 'view_approval'),
	(81, 'Can add pin', 21, 'add_pin'),
	(82, 'Can change pin', 21, 'change_pin'),
	(83, 'Can delete pin', 21, 'delete_pin'),
	(84, 'Can view pin', 21, 'view_pin'),
	(85, 'Can add run policy', 22, 'add_runpolicy'),
	(86, 'Can change run policy', 22, 'change_runpolicy'),
	(87, 'Can delete run policy', 22, 'delete_runpolicy'),
	(88, 'Can view run policy', 22, 'view_runpolicy'),
	(89, 'Can add lane', 23, 'add_lane'),
	(90, 'Can change lane', 23, 'change_lane'),
	(91, 'Can delete lane', 23, 'delete_lane'),
	(92, 'Can view lane', 23, 'view_lane'),
	(93, 'Can add simulation', 24, 'add_simulation'),
	(94, 'Can change simulation', 24, 'change_simulation'),
	(95, 'Can delete simulation', 24, 'delete_simulation'),
	(96, 'Can view simulation', 24, 'view_simulation'),
	(97, 'Can add saved view', 25, 'add_savedview'),
	(98, 'Can change saved view', 25, 'change_savedview'),
	(99, 'Can delete saved view', 25, 'delete_savedview'),
	(100, 'Can view saved view', 25, 'view_savedview'),
	(101, 'Can add listing', 26, 'add_listing'),
	(102, 'Can change listing', 26, 'change_listing'),
	(103, 'Can delete listing', 26, 'delete_listing'),
	(104, 'Can view listing', 26, 'view_listing');
INSERT INTO public.auth_user VALUES
	(1, 'pbkdf2_sha256$1000000$qlgzVfSCihfOj5r4N4c9fV$nrP5v7w79iEElSWz07bIoC4uneQZis8cPQ7Rbje7wac=', NULL, false, 'anna', '', '', '', false, true, '2026-11-26 10:16:26+00'),
	(2, 'pbkdf2_sha256$1000000$comasmsgdM7yTc7its7mVp$X6FdW7xAh4ERERq1Sk5HibS4Gxzr3sFlV4BzwK14BA4=', NULL, false, 'bert', '', '', '', false, true, '2026-11-26 10:16:26+00');
INSERT INTO public.auth_user_groups VALUES
	(1, 1, 3),
	(2, 2, 3);
INSERT INTO public.django_content_type VALUES
	(1, 'auth', 'permission'),
	(2, 'auth', 'group'),
	(3, 'auth', 'user'),
	(4, 'contenttypes', 'contenttype'),
	(5, 'sessions', 'session'),
	(6, 'topology', 'cluster'),
	(7, 'topology', 'enduser'),
	(8, 'topology', 'event'),
	(9, 'topology', 'node'),
	(10, 'topology', 'signinlink'),
	(11, 'topology', 'subcluster'),
	(12, 'topology', 'policy'),
	(13, 'assignments', 'plan'),
	(14, 'assignments', 'operation'),
	(15, 'assignments', 'plannedmove'),
	(16, 'assignments', 'population'),
	(17, 'assignments', 'assignment'),
	(18, 'assignments', 'move'),
	(19, 'assignments', 'claim'),
	(20, 'assignments', 'approval'),
	(21, 'assignments', 'pin'),
	(22, 'assignments', 'runpolicy'),
	(23, 'assignments', 'lane'),
	(24, 'assignments', 'simulation'),
	(25, 'assignments', 'savedview'),
	(26, 'assignments', 'listing');
INSERT INTO public.django_migrations VALUES
	(1, 'contenttypes', '0001_initial', '2026-11-26 11:16:21.357188+00'),
	(2, 'auth', '0001_initial', '2026-11-26 11:16:21.427301+00'),
	(3, 'topology', '0001_initial', '2026-11-26 11:16:21.83758+00'),
	(4, 'contenttypes', '0002_remove_content_type_name', '2026-11-26 11:16:21.863261+00'),
	(5, 'auth', '0002_alter_permission_name_max_length', '2026-11-26 11:16:21.879582+00'),
	(6, 'auth', '0003_alter_user_email_max_length', '2026-11-26 11:16:21.892799+00'),
	(7, 'auth', '0004_alter_user_username_opts', '2026-11-26 11:16:21.900245+00'),
	(8, 'auth', '0005_alter_user_last_login_null', '2026-11-26 11:16:21.912677+00'),
	(9, 'auth', '0006_require_contenttypes_0002', '2026-11-26 11:16:21.916514+00'),
	(10, 'auth', '0007_alter_validators_add_error_messages', '2026-11-26 11:16:21.932221+00'),
	(11, 'auth', '0008_alter_user_username_max_length', '2026-11-26 11:16:21.9516+00'),
	(12, 'auth', '0009_alter_user_last_name_max_length', '2026-11-26 11:16:21.965522+00'),
	(13, 'auth', '0010_alter_group_name_max_length', '2026-11-26 11:16:22.003963+00'),
	(14, 'auth', '0011_update_proxy_permissions', '2026-11-26 11:16:22.032524+00'),
	(15, 'auth', '0012_alter_user_first_name_max_length', '2026-11-26 11:16:22.047301+00'),
	(16, 'topology', '0002_rules', '2026-11-26 11:16:22.075796+00'),
	(17, 'topology', '0003_user_id_order', '2026-11-26 11:16:22.083905+00'),
	(18, 'topology', '0004_recovery_policy', '2026-11-26 11:16:22.198369+00'),
	(19, 'topology', '0005_slot_is_given', '2026-11-26 11:16:22.221728+00'),
	(20, 'topology', '0006_maintenance', '2026-11-26 11:16:22.286903+00'),
	(21, 'topology', '0007_list_filters', '2026-11-26 11:16:22.299197+00'),
	(22, 'assignments', '0001_initial', '2026-11-26 11:16:22.995315+00'),
	(23, 'assignments', '0002_rules', '2026-11-26 11:16:23.011675+00'),
	(24, 'assignments', '0003_run_policy', '2026-11-26 11:16:23.135289+00'),
	(25, 'assignments', '0004_lanes', '2026-11-26 11:16:23.299178+00'),
	(26, 'assignments', '0005_light_traces', '2026-11-26 11:16:23.529936+00'),
	(27, 'assignments', '0006_credit', '2026-11-26 11:16:23.62164+00'),
	(28, 'assignments', '0007_simulations', '2026-11-26 11:16:23.683268+00'),
	(29, 'assignments', '0008_light_plans', '2026-11-26 11:16:23.84007+00'),
	(30, 'assignments', '0009_in_window', '2026-11-26 11:16:23.860874+00'),
	(31, 'assignments', '0010_saved_views', '2026-11-26 11:16:23.892761+00'),
	(32, 'assignments', '0011_place_in_plan', '2026-11-26 11:16:24.011667+00'),
	(33, 'assignments', '0012_views_of_all_clusters', '2026-11-26 11:16:24.078497+00'),
	(34, 'assignments', '0013_listing', '2026-11-26 11:16:24.123833+00'),
	(35, 'sessions', '0001_initial', '2026-11-26 11:16:24.139259+00');
INSERT INTO public.topology_cluster VALUES
	(1, 'acme', 'balanced', 'balanced_redundant', '2026-11-26 10:16:26+00', '2026-11-26 10:16:26+00', 1, '2026-11-26 10:16:26+00'),
	(2, 'east', 'balanced', 'balanced_redundant', '2026-11-26 10:16:26+00', '2026-11-26 10:16:26+00', 1, '2026-11-26 10:16:26+00');
INSERT INTO public.topology_enduser VALUES
	(1, 'imp1a-0001', 'Person 1 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(2, 'imp1a-0002', 'Person 2 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(3, 'imp1a-0003', 'Person 3 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(4, 'imp1a-0004', 'Person 4 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(5, 'imp1a-0005', 'Person 5 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(6, 'imp1a-0006', 'Person 6 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(7, 'imp1a-0007', 'Person 7 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(8, 'imp1a-0008', 'Person 8 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(9, 'imp1a-0009', 'Person 9 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(10, 'imp1a-0010', 'Person 10 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(11, 'imp1a-0011', 'Person 11 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(12, 'imp1a-0012', 'Person 12 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(13, 'imp1a-0013', 'Person 13 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(14, 'imp1a-0014', 'Person 14 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(15, 'imp1a-0015', 'Person 15 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(16, 'imp1a-0016', 'Person 16 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(17, 'imp1a-0017', 'Person 17 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(18, 'imp1a-0018', 'Person 18 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(19, 'imp1a-0019', 'Person 19 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(20, 'imp1a-0020', 'Person 20 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(21, 'imp1a-0021', 'Person 21 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(22, 'imp1a-0022', 'Person 22 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(23, 'imp1a-0023', 'Person 23 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(24, 'imp1a-0024', 'Person 24 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(25, 'imp1a-0025', 'Person 25 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(26, 'imp1a-0026', 'Person 26 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(27, 'imp1a-0027', 'Person 27 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(28, 'imp1a-0028', 'Person 28 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(29, 'imp1a-0029', 'Person 29 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(30, 'imp1a-0030', 'Person 30 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(31, 'imp1a-0031', 'Person 31 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(32, 'imp1a-0032', 'Person 32 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(33, 'imp1a-0033', 'Person 33 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(34, 'imp1a-0034', 'Person 34 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(35, 'imp1a-0035', 'Person 35 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(36, 'imp1a-0036', 'Person 36 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(37, 'imp1a-0037', 'Person 37 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(38, 'imp1a-0038', 'Person 38 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(39, 'imp1a-0039', 'Person 39 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(40, 'imp1a-0040', 'Person 40 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(41, 'imp1a-0041', 'Person 41 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(42, 'imp1a-0042', 'Person 42 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(43, 'imp1a-0043', 'Person 43 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(44, 'imp1a-0044', 'Person 44 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(45, 'imp1a-0045', 'Person 45 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(46, 'imp1a-0046', 'Person 46 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(47, 'imp1a-0047', 'Person 47 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(48, 'imp1a-0048', 'Person 48 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(49, 'imp1a-0049', 'Person 49 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(50, 'imp1a-0050', 'Person 50 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(51, 'imp1a-0051', 'Person 51 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(52, 'imp1a-0052', 'Person 52 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(53, 'imp1a-0053', 'Person 53 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(54, 'imp1a-0054', 'Person 54 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(55, 'imp1a-0055', 'Person 55 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(56, 'imp1a-0056', 'Person 56 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(57, 'imp1a-0057', 'Person 57 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(58, 'imp1a-0058', 'Person 58 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(59, 'imp1a-0059', 'Person 59 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(60, 'imp1a-0060', 'Person 60 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(61, 'imp1b-0001', 'Person 1 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(62, 'imp1b-0002', 'Person 2 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(63, 'imp1b-0003', 'Person 3 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(64, 'imp1b-0004', 'Person 4 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(65, 'imp1b-0005', 'Person 5 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(66, 'imp1b-0006', 'Person 6 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(67, 'imp1b-0007', 'Person 7 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(68, 'imp1b-0008', 'Person 8 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(69, 'imp1b-0009', 'Person 9 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(70, 'imp1b-0010', 'Person 10 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(71, 'imp1b-0011', 'Person 11 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(72, 'imp1b-0012', 'Person 12 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(73, 'imp1b-0013', 'Person 13 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(74, 'imp1b-0014', 'Person 14 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(75, 'imp1b-0015', 'Person 15 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(76, 'imp1b-0016', 'Person 16 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(77, 'imp1b-0017', 'Person 17 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(78, 'imp1b-0018', 'Person 18 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(79, 'imp1b-0019', 'Person 19 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(80, 'imp1b-0020', 'Person 20 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(81, 'imp1b-0021', 'Person 21 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(82, 'imp1b-0022', 'Person 22 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(83, 'imp1b-0023', 'Person 23 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(84, 'imp1b-0024', 'Person 24 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(85, 'imp1b-0025', 'Person 25 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(86, 'imp1b-0026', 'Person 26 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(87, 'imp1b-0027', 'Person 27 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(88, 'imp1b-0028', 'Person 28 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(89, 'imp1b-0029', 'Person 29 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(90, 'imp1b-0030', 'Person 30 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(91, 'imp1b-0031', 'Person 31 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(92, 'imp1b-0032', 'Person 32 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(93, 'imp1b-0033', 'Person 33 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(94, 'imp1b-0034', 'Person 34 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(95, 'imp1b-0035', 'Person 35 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(96, 'imp1b-0036', 'Person 36 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(97, 'imp1b-0037', 'Person 37 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(98, 'imp1b-0038', 'Person 38 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(99, 'imp1b-0039', 'Person 39 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(100, 'imp1b-0040', 'Person 40 of imp1b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(101, 'imp2a-0001', 'Person 1 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(102, 'imp2a-0002', 'Person 2 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(103, 'imp2a-0003', 'Person 3 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(104, 'imp2a-0004', 'Person 4 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(105, 'imp2a-0005', 'Person 5 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(106, 'imp2a-0006', 'Person 6 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(107, 'imp2a-0007', 'Person 7 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(108, 'imp2a-0008', 'Person 8 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(109, 'imp2a-0009', 'Person 9 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(110, 'imp2a-0010', 'Person 10 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(111, 'imp2a-0011', 'Person 11 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(112, 'imp2a-0012', 'Person 12 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(113, 'imp2a-0013', 'Person 13 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(114, 'imp2a-0014', 'Person 14 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(115, 'imp2a-0015', 'Person 15 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(116, 'imp2a-0016', 'Person 16 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(117, 'imp2a-0017', 'Person 17 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(118, 'imp2a-0018', 'Person 18 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(119, 'imp2a-0019', 'Person 19 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(120, 'imp2a-0020', 'Person 20 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(121, 'imp2a-0021', 'Person 21 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(122, 'imp2a-0022', 'Person 22 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(123, 'imp2a-0023', 'Person 23 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(124, 'imp2a-0024', 'Person 24 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(125, 'imp2a-0025', 'Person 25 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(126, 'imp2a-0026', 'Person 26 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(127, 'imp2a-0027', 'Person 27 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(128, 'imp2a-0028', 'Person 28 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(129, 'imp2a-0029', 'Person 29 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(130, 'imp2a-0030', 'Person 30 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(131, 'imp2a-0031', 'Person 31 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(132, 'imp2a-0032', 'Person 32 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(133, 'imp2a-0033', 'Person 33 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(134, 'imp2a-0034', 'Person 34 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(135, 'imp2a-0035', 'Person 35 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(136, 'imp2a-0036', 'Person 36 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(137, 'imp2a-0037', 'Person 37 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(138, 'imp2a-0038', 'Person 38 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(139, 'imp2a-0039', 'Person 39 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(140, 'imp2a-0040', 'Person 40 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(141, 'imp2a-0041', 'Person 41 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(142, 'imp2a-0042', 'Person 42 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(143, 'imp2a-0043', 'Person 43 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(144, 'imp2a-0044', 'Person 44 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(145, 'imp2a-0045', 'Person 45 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(146, 'imp2a-0046', 'Person 46 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(147, 'imp2a-0047', 'Person 47 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(148, 'imp2a-0048', 'Person 48 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(149, 'imp2a-0049', 'Person 49 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(150, 'imp2a-0050', 'Person 50 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(151, 'imp2a-0051', 'Person 51 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(152, 'imp2a-0052', 'Person 52 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(153, 'imp2a-0053', 'Person 53 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(154, 'imp2a-0054', 'Person 54 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(155, 'imp2a-0055', 'Person 55 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(156, 'imp2a-0056', 'Person 56 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(157, 'imp2a-0057', 'Person 57 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(158, 'imp2a-0058', 'Person 58 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(159, 'imp2a-0059', 'Person 59 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(160, 'imp2a-0060', 'Person 60 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(161, 'imp2a-0061', 'Person 61 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(162, 'imp2a-0062', 'Person 62 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(163, 'imp2a-0063', 'Person 63 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(164, 'imp2a-0064', 'Person 64 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(165, 'imp2a-0065', 'Person 65 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(166, 'imp2a-0066', 'Person 66 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(167, 'imp2a-0067', 'Person 67 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(168, 'imp2a-0068', 'Person 68 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(169, 'imp2a-0069', 'Person 69 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(170, 'imp2a-0070', 'Person 70 of imp2a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(171, 'imp2b-0001', 'Person 1 of imp2b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(172, 'imp2b-0002', 'Person 2 of imp2b', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(173, 'imp3a-0001', 'Person 1 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(174, 'imp3a-0002', 'Person 2 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(175, 'imp3a-0003', 'Person 3 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(176, 'imp3a-0004', 'Person 4 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(177, 'imp3a-0005', 'Person 5 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(178, 'imp3a-0006', 'Person 6 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(179, 'imp3a-0007', 'Person 7 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(180, 'imp3a-0008', 'Person 8 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(181, 'imp3a-0009', 'Person 9 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(182, 'imp3a-0010', 'Person 10 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(183, 'imp3a-0011', 'Person 11 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(184, 'imp3a-0012', 'Person 12 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(185, 'imp3a-0013', 'Person 13 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(186, 'imp3a-0014', 'Person 14 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(187, 'imp3a-0015', 'Person 15 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(188, 'imp3a-0016', 'Person 16 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(189, 'imp3a-0017', 'Person 17 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(190, 'imp3a-0018', 'Person 18 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(191, 'imp3a-0019', 'Person 19 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(192, 'imp3a-0020', 'Person 20 of imp3a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(193, 'waiting-0001', 'Person 1 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(194, 'waiting-0002', 'Person 2 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(195, 'waiting-0003', 'Person 3 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(196, 'waiting-0004', 'Person 4 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(197, 'waiting-0005', 'Person 5 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(198, 'waiting-0006', 'Person 6 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(199, 'waiting-0007', 'Person 7 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(200, 'waiting-0008', 'Person 8 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(201, 'east-imp1a-0001', 'Person 1 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(202, 'east-imp1a-0002', 'Person 2 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(203, 'east-imp1a-0003', 'Person 3 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(204, 'east-imp1a-0004', 'Person 4 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(205, 'east-imp1a-0005', 'Person 5 of imp1a', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(206, 'east-waiting-0001', 'Person 1 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(207, 'east-waiting-0002', 'Person 2 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00'),
	(208, 'east-waiting-0003', 'Person 3 of waiting', '', '{desk_phone}', 0, '2026-11-26 10:16:26+00');
INSERT INTO public.topology_event VALUES
	(1, '2026-11-26 10:16:26+00', 'USERS_WERE_PINNED', NULL, NULL, NULL, 'anna', '{"left": 0, "users": 2, "because": "beside the phones of the hall", "cluster": "acme"}', 1, 1),
	(2, '2026-11-26 10:16:26+00', 'HAND_MOVED', NULL, 7, 1, 'bert', '{"to": "imp1a.east.org", "node": "imp1a.east.org", "users": 1, "cluster": "east", "skipped": 0, "notified": 0, "unassigned": 1}', 2, 2),
	(3, '2026-11-26 10:16:26+00', 'PLAN_APPROVED', NULL, NULL, NULL, 'bert', '{"hash": "0ee3c9d7d697", "moves": "52", "author": "anna", "cluster": "acme"}', 2, 1),
	(4, '2026-11-26 10:16:26+00', 'RUN_STARTED', NULL, NULL, 2, 'anna', '{"goal": "balance", "users": "52", "cluster": "acme", "unassigned": 0}', 1, 1),
	(5, '2026-11-26 10:16:26+00', 'RUN_STARTED', NULL, NULL, 3, 'bert', '{"goal": "balance", "users": "10", "cluster": "acme", "unassigned": 0}', 2, 1),
	(6, '2026-11-26 10:16:28+00', 'USERS_BACK', 2, 4, NULL, 'engine', '{"t": 1795688187, "node": "imp2b.acme.org", "nodes": {"imp2a.acme.org": {"home": 70, "state": "normal", "reason": "normal", "serving": 70}, "imp2b.acme.org": {"home": 2, "state": "normal", "reason": "normal", "serving": 2}}, "cluster": "acme", "subcluster": "sc-2", "out_of_service": 0}', NULL, 1),
	(7, '2026-11-26 10:16:28+00', 'USERS_BACK', 4, 7, NULL, 'engine', '{"t": 1795688187, "node": "imp1a.east.org", "nodes": {"imp1a.east.org": {"home": 6, "state": "normal", "reason": "normal", "serving": 6}, "imp1b.east.org": {"home": 0, "state": "normal", "reason": "normal", "serving": 0}}, "cluster": "east", "subcluster": "sc-1", "out_of_service": 0}', NULL, 2),
	(8, '2026-11-26 10:16:29+00', 'USERS_BACK', 3, 5, NULL, 'engine', '{"t": 1795688188, "node": "imp3a.acme.org", "nodes": {"imp3a.acme.org": {"home": 20, "state": "unknown", "reason": "high_availability_not_enabled", "serving": 20}}, "cluster": "acme", "subcluster": "sc-3", "out_of_service": 0}', NULL, 1),
	(9, '2026-11-26 10:16:31+00', 'USERS_BACK', 1, 2, NULL, 'engine', '{"t": 1795688190, "node": "imp1b.acme.org", "nodes": {"imp1a.acme.org": {"home": 60, "state": "normal", "reason": "normal", "serving": 60}, "imp1b.acme.org": {"home": 40, "state": "normal", "reason": "normal", "serving": 40}}, "cluster": "acme", "subcluster": "sc-1", "out_of_service": 0}', NULL, 1),
	(10, '2026-11-26 10:16:31+00', 'USERS_BACK', 1, 1, NULL, 'engine', '{"t": 1795688191, "node": "imp1a.acme.org", "nodes": {"imp1a.acme.org": {"home": 60, "state": "normal", "reason": "normal", "serving": 60}, "imp1b.acme.org": {"home": 40, "state": "normal", "reason": "normal", "serving": 40}}, "cluster": "acme", "subcluster": "sc-1", "out_of_service": 0}', NULL, 1),
	(11, '2026-11-26 10:16:31+00', 'FAULT_INJECTED', 1, 1, NULL, 'engine', '{"t": 1795688191, "kind": "power", "node": "imp1a.acme.org", "what": "power", "nodes": {"imp1a.acme.org": {"home": 60, "state": "normal", "reason": "normal", "serving": 60}, "imp1b.acme.org": {"home": 40, "state": "normal", "reason": "normal", "serving": 40}}, "cluster": "acme", "service": "", "subcluster": "sc-1", "out_of_service": 0}', NULL, 1),
	(12, '2026-11-26 10:16:31+00', 'USERS_DISCONNECTED', 1, 1, NULL, 'engine', '{"t": 1795688191, "node": "imp1a.acme.org", "wait": 120, "nodes": {"imp1a.acme.org": {"home": 60, "state": "normal", "reason": "normal", "serving": 60}, "imp1b.acme.org": {"home": 40, "state": "normal", "reason": "normal", "serving": 40}}, "users": 60, "cluster": "acme", "subcluster": "sc-1", "out_of_service": 60}', NULL, 1),
	(13, '2026-11-26 10:16:32+00', 'USERS_BACK', 2, 3, NULL, 'engine', '{"t": 1795688192, "node": "imp2a.acme.org", "nodes": {"imp2a.acme.org": {"home": 70, "state": "normal", "reason": "normal", "serving": 70}, "imp2b.acme.org": {"home": 2, "state": "normal", "reason": "normal", "serving": 2}}, "cluster": "acme", "subcluster": "sc-2", "out_of_service": 0}', NULL, 1),
	(14, '2026-11-26 10:16:36+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(15, '2026-11-26 10:16:46+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(16, '2026-11-26 10:16:56+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(17, '2026-11-26 10:17:06+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(18, '2026-11-26 10:17:16+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(19, '2026-11-26 10:17:16+00', 'RUN_BATCH', NULL, NULL, 3, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 0}', NULL, 1),
	(20, '2026-11-26 10:17:26+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(21, '2026-11-26 10:17:27+00', 'RUN_YIELDED', NULL, NULL, 3, 'engine', '{"pair": "sc-1", "cluster": "acme"}', NULL, 1),
	(22, '2026-11-26 10:17:27+00', 'FAILOVER_STARTED', 1, 1, 4, 'engine', '{"t": 1795688246, "node": "imp1a.acme.org", "peer": "imp1b.acme.org", "rate": 6.024096385542169, "cause": "Peer Reboot", "nodes": {"imp1a.acme.org": {"home": 59, "state": "unknown", "reason": "peer_reboot", "serving": 59}, "imp1b.acme.org": {"home": 41, "state": "taking_over", "reason": "peer_reboot", "serving": 41}}, "users": 59, "cluster": "acme", "possible": 59, "subcluster": "sc-1", "out_of_service": 59}', NULL, 1),
	(23, '2026-11-26 10:17:36+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(24, '2026-11-26 10:17:46+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(25, '2026-11-26 10:17:56+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(26, '2026-11-26 10:18:06+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(27, '2026-11-26 10:18:16+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1),
	(28, '2026-11-26 10:18:26+00', 'RUN_BATCH', NULL, NULL, 2, 'engine', '{"done": 1, "cluster": "acme", "skipped": 0, "notified": 1}', NULL, 1);
INSERT INTO public.topology_node VALUES
	(3, 1, 3, 'imp2a.acme.org', false, 5000, 5000, 10000, 'normal', 'normal', '2026-11-26 10:16:26+00', true, true, true, '{}', 1, 2, '', '', 0, NULL, NULL),
	(4, 2, 4, 'imp2b.acme.org', false, 5000, 20, 40, 'normal', 'normal', '2026-11-26 10:16:26+00', true, true, true, '{}', 1, 2, '', '', 0, NULL, NULL),
	(5, 1, 5, 'imp3a.acme.org', false, 5000, 5000, 10000, 'unknown', 'high_availability_not_enabled', '2026-11-26 10:16:26+00', true, true, true, '{}', 1, 3, '', '', 0, NULL, NULL),
	(6, NULL, 6, 'spare.acme.org', false, 5000, 5000, 10000, 'unknown', 'high_availability_not_enabled', '2026-11-26 10:16:26+00', true, true, true, '{}', 1, NULL, '', '', 0, NULL, NULL),
	(7, 1, 1, 'imp1a.east.org', true, 5000, 5000, 10000, 'normal', 'normal', '2026-11-26 10:16:26+00', true, true, true, '{}', 2, 4, '', '', 0, NULL, NULL),
	(8, 2, 2, 'imp1b.east.org', false, 5000, 5000, 10000, 'normal', 'normal', '2026-11-26 10:16:26+00', true, true, true, '{}', 2, 4, '', '', 0, NULL, NULL),
	(9, 1, 3, 'imp2a.east.org', false, 5000, 5000, 10000, 'normal', 'normal', '2026-11-26 10:16:26+00', true, true, true, '{}', 2, 5, '', '', 0, NULL, NULL),
	(10, 2, 4, 'imp2b.east.org', false, 5000, 20, 40, 'normal', 'normal', '2026-11-26 10:16:26+00', true, true, true, '{}', 2, 5, '', '', 0, NULL, NULL),
	(11, 1, 5, 'imp3a.east.org', false, 5000, 5000, 10000, 'unknown', 'high_availability_not_enabled', '2026-11-26 10:16:26+00', true, true, true, '{}', 2, 6, '', '', 0, NULL, NULL),
	(12, NULL, 6, 'spare.east.org', false, 5000, 5000, 10000, 'unknown', 'high_availability_not_enabled', '2026-11-26 10:16:26+00', true, true, true, '{}', 2, NULL, '', '', 0, NULL, NULL),
	(1, 1, 1, 'imp1a.acme.org', true, 5000, 5000, 10000, 'unknown', 'peer_reboot', '2026-11-26 10:17:27+00', false, true, true, '{}', 1, 1, '', '', 0, NULL, NULL),
	(2, 2, 2, 'imp1b.acme.org', false, 5000, 5000, 10000, 'taking_over', 'peer_reboot', '2026-11-26 10:17:27+00', true, true, true, '{}', 1, 1, '', '', 0, NULL, NULL);
INSERT INTO public.topology_policy VALUES
	(1, 22001, 20075, 90, false, 1800, 120, 60, 15, 120, false, 50, NULL, 3600, NULL, false, NULL, 3, 24, NULL),
	(2, 22001, 20075, 90, false, 1800, 120, 60, 15, 120, false, 50, NULL, 3600, NULL, false, NULL, 3, 24, NULL);
INSERT INTO public.topology_subcluster VALUES
	(5, 'sc-2', '', 2, true, '{}', NULL, 0, 2),
	(6, 'sc-3', '', 3, false, '{}', NULL, 0, 2),
	(4, 'sc-1', '', 1, true, '{"at": 1795688187, "run": null, "wake": null, "memory": {"why": "normal", "full": false, "held": false, "side": 0, "asked": false, "cause": "", "phase": "normal", "since": 0, "canary": 0, "minutes": null, "to_move": 0, "failovers": [], "resume_at": 0, "per_second": null, "fell_back_at": null}, "window": [120, 203], "watches": {"7": {"lost": false, "serving": true, "stopped": false, "heard_at": null, "throttle": null, "restarted": false, "healthy_at": 1795688186, "relogin_at": 0, "started_at": 1795688186, "troubled_at": null}, "8": {"lost": false, "serving": true, "stopped": false, "heard_at": null, "throttle": null, "restarted": false, "healthy_at": 1795688186, "relogin_at": 0, "started_at": 1795688186, "troubled_at": null}}, "window_was": null}', NULL, 2, 2),
	(3, 'sc-3', '', 3, false, '{"at": 1795688188, "run": null, "wake": null, "memory": {"why": "normal", "full": false, "held": false, "side": 0, "asked": false, "cause": "", "phase": "off", "since": 0, "canary": 0, "minutes": null, "to_move": 0, "failovers": [], "resume_at": 0, "per_second": null, "fell_back_at": null}, "window": [120, 203], "watches": {"5": {"lost": false, "serving": true, "stopped": false, "heard_at": null, "throttle": null, "restarted": false, "healthy_at": 1795688186, "relogin_at": 0, "started_at": 1795688186, "troubled_at": null}}, "window_was": null}', NULL, 2, 1),
	(2, 'sc-2', '', 2, true, '{"at": 1795688192, "run": null, "wake": null, "memory": {"why": "normal", "full": false, "held": false, "side": 0, "asked": false, "cause": "", "phase": "normal", "since": 0, "canary": 0, "minutes": null, "to_move": 0, "failovers": [], "resume_at": 0, "per_second": null, "fell_back_at": null}, "window": [120, 203], "watches": {"3": {"lost": false, "serving": true, "stopped": false, "heard_at": null, "throttle": null, "restarted": false, "healthy_at": 1795688186, "relogin_at": 0, "started_at": 1795688186, "troubled_at": null}, "4": {"lost": false, "serving": true, "stopped": false, "heard_at": null, "throttle": null, "restarted": false, "healthy_at": 1795688186, "relogin_at": 0, "started_at": 1795688186, "troubled_at": null}}, "window_was": null}', NULL, 4, 1),
	(1, 'sc-1', '', 1, true, '{"at": 1795688313, "run": 4, "wake": 1795688315, "memory": {"why": "normal", "full": false, "held": false, "side": 0, "asked": false, "cause": "peer_reboot", "phase": "failing_over", "since": 1795688246, "canary": 0, "minutes": null, "to_move": 59, "failovers": [1795688246], "resume_at": 0, "per_second": null, "fell_back_at": null}, "window": [120, 203], "watches": {"1": {"lost": true, "serving": false, "stopped": true, "heard_at": 1795688186, "throttle": null, "restarted": false, "healthy_at": null, "relogin_at": 1795688311, "started_at": 1795688186, "troubled_at": null}, "2": {"lost": false, "serving": true, "stopped": false, "heard_at": null, "throttle": {"done": 12, "rate": 6.024096385542169, "total": 59, "anchor": 1795688311, "budget": "window"}, "restarted": false, "healthy_at": 1795688186, "relogin_at": 0, "started_at": 1795688186, "troubled_at": null}}, "window_was": null}', '2026-11-26 10:18:35.000001+00', 7, 1);
SELECT pg_catalog.setval('public.assignments_claim_id_seq', 4, true);
SELECT pg_catalog.setval('public.assignments_lane_id_seq', 2, true);
SELECT pg_catalog.setval('public.assignments_move_id_seq', 14, true);
SELECT pg_catalog.setval('public.assignments_operation_id_seq', 4, true);
SELECT pg_catalog.setval('public.assignments_plan_id_seq', 2, true);
SELECT pg_catalog.setval('public.assignments_population_id_seq', 51, true);
SELECT pg_catalog.setval('public.assignments_savedview_id_seq', 1, true);
SELECT pg_catalog.setval('public.assignments_simulation_id_seq', 1, false);
SELECT pg_catalog.setval('public.auth_group_id_seq', 3, true);
SELECT pg_catalog.setval('public.auth_group_permissions_id_seq', 1, false);
SELECT pg_catalog.setval('public.auth_permission_id_seq', 104, true);
SELECT pg_catalog.setval('public.auth_user_groups_id_seq', 2, true);
SELECT pg_catalog.setval('public.auth_user_id_seq', 2, true);
SELECT pg_catalog.setval('public.auth_user_user_permissions_id_seq', 1, false);
SELECT pg_catalog.setval('public.django_content_type_id_seq', 26, true);
SELECT pg_catalog.setval('public.django_migrations_id_seq', 35, true);
SELECT pg_catalog.setval('public.topology_cluster_id_seq', 2, true);
SELECT pg_catalog.setval('public.topology_enduser_id_seq', 208, true);
SELECT pg_catalog.setval('public.topology_event_id_seq', 28, true);
SELECT pg_catalog.setval('public.topology_node_id_seq', 12, true);
SELECT pg_catalog.setval('public.topology_signinlink_id_seq', 1, false);
SELECT pg_catalog.setval('public.topology_subcluster_id_seq', 6, true);
ALTER TABLE ONLY public.assignments_approval
    ADD CONSTRAINT assignments_approval_pkey PRIMARY KEY (plan_id);
ALTER TABLE ONLY public.assignments_assignment
    ADD CONSTRAINT assignments_assignment_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.assignments_claim
    ADD CONSTRAINT assignments_claim_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments_lane
    ADD CONSTRAINT assignments_lane_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments_listing
    ADD CONSTRAINT assignments_listing_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.assignments_move
    ADD CONSTRAINT assignments_move_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments_operation
    ADD CONSTRAINT assignments_operation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments_pin
    ADD CONSTRAINT assignments_pin_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.assignments_plan
    ADD CONSTRAINT assignments_plan_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.assignments_plan
    ADD CONSTRAINT assignments_plan_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments_plannedmove
    ADD CONSTRAINT assignments_plannedmove_pkey PRIMARY KEY (plan_id, user_id);
ALTER TABLE ONLY public.assignments_population
    ADD CONSTRAINT assignments_population_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments_runpolicy
    ADD CONSTRAINT assignments_runpolicy_pkey PRIMARY KEY (cluster_id);
ALTER TABLE ONLY public.assignments_savedview
    ADD CONSTRAINT assignments_savedview_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments_simulation
    ADD CONSTRAINT assignments_simulation_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.assignments_simulation
    ADD CONSTRAINT assignments_simulation_key_key UNIQUE (key);
ALTER TABLE ONLY public.assignments_simulation
    ADD CONSTRAINT assignments_simulation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_group_id_94350c0c_uniq UNIQUE (user_id, group_id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_permission_id_14a6b632_uniq UNIQUE (user_id, permission_id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_username_key UNIQUE (username);
ALTER TABLE ONLY public.assignments_claim
    ADD CONSTRAINT claim_once UNIQUE (operation_id, subcluster_id);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);
ALTER TABLE ONLY public.assignments_lane
    ADD CONSTRAINT lane_once UNIQUE NULLS NOT DISTINCT (operation_id, node_id);
ALTER TABLE ONLY public.assignments_move
    ADD CONSTRAINT moved_once UNIQUE (operation_id, user_id);
ALTER TABLE ONLY public.topology_node
    ADD CONSTRAINT node_cluster_key UNIQUE (cluster_id, id);
ALTER TABLE ONLY public.topology_node
    ADD CONSTRAINT node_number_once UNIQUE (cluster_id, number);
ALTER TABLE ONLY public.assignments_population
    ADD CONSTRAINT population_once UNIQUE NULLS NOT DISTINCT (cluster_id, home_node_id, serving_node_id);
ALTER TABLE ONLY public.topology_subcluster
    ADD CONSTRAINT subcluster_cluster_key UNIQUE (cluster_id, id);
ALTER TABLE ONLY public.topology_subcluster
    ADD CONSTRAINT subcluster_name_once UNIQUE (cluster_id, name);
ALTER TABLE ONLY public.topology_node
    ADD CONSTRAINT subcluster_slot_once UNIQUE (subcluster_id, slot);
ALTER TABLE ONLY public.topology_cluster
    ADD CONSTRAINT topology_cluster_name_key UNIQUE (name);
ALTER TABLE ONLY public.topology_cluster
    ADD CONSTRAINT topology_cluster_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.topology_enduser
    ADD CONSTRAINT topology_enduser_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.topology_event
    ADD CONSTRAINT topology_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.topology_node
    ADD CONSTRAINT topology_node_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.topology_policy
    ADD CONSTRAINT topology_policy_pkey PRIMARY KEY (cluster_id);
ALTER TABLE ONLY public.topology_signinlink
    ADD CONSTRAINT topology_signinlink_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.topology_signinlink
    ADD CONSTRAINT topology_signinlink_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY public.topology_subcluster
    ADD CONSTRAINT topology_subcluster_pkey PRIMARY KEY (id);
CREATE INDEX assignment_away ON public.assignments_assignment USING btree (serving_node_id, user_id) WHERE (NOT ((serving_node_id = home_node_id) AND (serving_node_id IS NOT NULL) AND (home_node_id IS NOT NULL)));
CREATE INDEX assignment_home ON public.assignments_assignment USING btree (home_node_id, serving_node_id, user_id);
CREATE INDEX assignment_pinned ON public.assignments_assignment USING btree (home_node_id) WHERE pinned;
CREATE INDEX assignment_waiting ON public.assignments_assignment USING btree (cluster_id, user_id) WHERE (home_node_id IS NULL);
CREATE INDEX assignments_approval_approver_id_41c9f735 ON public.assignments_approval USING btree (approver_id);
CREATE INDEX assignments_approval_author_id_5e32c7f5 ON public.assignments_approval USING btree (author_id);
CREATE INDEX assignments_claim_operation_id_8e89237f ON public.assignments_claim USING btree (operation_id);
CREATE INDEX assignments_claim_subcluster_id_de177f79 ON public.assignments_claim USING btree (subcluster_id);
CREATE INDEX assignments_operation_author_id_a5b4d10b ON public.assignments_operation USING btree (author_id);
CREATE INDEX assignments_operation_cluster_id_19a00a87 ON public.assignments_operation USING btree (cluster_id);
CREATE INDEX assignments_operation_from_node_id_77d070bb ON public.assignments_operation USING btree (from_node_id);
CREATE INDEX assignments_operation_plan_id_10fff69a ON public.assignments_operation USING btree (plan_id);
CREATE INDEX assignments_operation_to_node_id_b8e1c77c ON public.assignments_operation USING btree (to_node_id);
CREATE INDEX assignments_operation_undo_of_id_a432c5c6 ON public.assignments_operation USING btree (undo_of_id);
CREATE INDEX assignments_pin_owner_id_fb8c948a ON public.assignments_pin USING btree (owner_id);
CREATE INDEX assignments_plan_author_id_5ae1b730 ON public.assignments_plan USING btree (author_id);
CREATE INDEX assignments_plan_cluster_id_5c6721e1 ON public.assignments_plan USING btree (cluster_id);
CREATE INDEX assignments_plan_hash_83d42aee_like ON public.assignments_plan USING btree (hash varchar_pattern_ops);
CREATE INDEX assignments_population_cluster_id_4f8fccbe ON public.assignments_population USING btree (cluster_id);
CREATE INDEX assignments_population_home_node_id_7418e13a ON public.assignments_population USING btree (home_node_id);
CREATE INDEX assignments_population_serving_node_id_0f0d3299 ON public.assignments_population USING btree (serving_node_id);
CREATE INDEX assignments_runpolicy_plan_id_c11a13e1 ON public.assignments_runpolicy USING btree (plan_id);
CREATE INDEX assignments_savedview_cluster_id_3f445099 ON public.assignments_savedview USING btree (cluster_id);
CREATE INDEX assignments_savedview_owner_id_69923f8d ON public.assignments_savedview USING btree (owner_id);
CREATE INDEX assignments_simulation_author_id_117a0973 ON public.assignments_simulation USING btree (author_id);
CREATE INDEX assignments_simulation_cluster_id_029a66b8 ON public.assignments_simulation USING btree (cluster_id);
CREATE INDEX assignments_simulation_hash_9cc7ba4a_like ON public.assignments_simulation USING btree (hash varchar_pattern_ops);
CREATE INDEX assignments_simulation_key_f4767a0d_like ON public.assignments_simulation USING btree (key varchar_pattern_ops);
CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);
CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);
CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);
CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);
CREATE INDEX auth_user_groups_group_id_97559544 ON public.auth_user_groups USING btree (group_id);
CREATE INDEX auth_user_groups_user_id_6a12ed8b ON public.auth_user_groups USING btree (user_id);
CREATE INDEX auth_user_user_permissions_permission_id_1fbb5f2c ON public.auth_user_user_permissions USING btree (permission_id);
CREATE INDEX auth_user_user_permissions_user_id_a95ead1b ON public.auth_user_user_permissions USING btree (user_id);
CREATE INDEX auth_user_username_6821ab7c_like ON public.auth_user USING btree (username varchar_pattern_ops);
CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);
CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);
CREATE INDEX event_cluster ON public.topology_event USING btree (cluster_id, id DESC);
CREATE INDEX event_node ON public.topology_event USING btree (node_id, id DESC);
CREATE INDEX event_operation ON public.topology_event USING btree (operation_id, id);
CREATE INDEX listing_order ON public.assignments_listing USING btree (cluster_id, key, user_id);
CREATE INDEX move_user ON public.assignments_move USING btree (user_id, at DESC);
CREATE UNIQUE INDEX node_name_once ON public.topology_node USING btree (lower((name)::text));
CREATE UNIQUE INDEX one_active_operation_per_subcluster ON public.assignments_claim USING btree (subcluster_id) WHERE active;
CREATE UNIQUE INDEX one_publisher_per_cluster ON public.topology_node USING btree (cluster_id) WHERE publisher;
CREATE INDEX operation_active ON public.assignments_operation USING btree (state) WHERE ((state)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'paused'::character varying])::text[]));
CREATE INDEX operation_cluster ON public.assignments_operation USING btree (cluster_id, id DESC);
CREATE INDEX planned_order ON public.assignments_plannedmove USING btree (plan_id, to_node_id, place);
CREATE UNIQUE INDEX saved_view_once ON public.assignments_savedview USING btree (owner_id, cluster_id, lower((name)::text));
CREATE UNIQUE INDEX saved_view_once_for_all ON public.assignments_savedview USING btree (owner_id, lower((name)::text)) WHERE (cluster_id IS NULL);
CREATE INDEX simulation_cluster ON public.assignments_simulation USING btree (cluster_id, id DESC);
CREATE INDEX subcluster_wake ON public.topology_subcluster USING btree (next_wake) WHERE (next_wake IS NOT NULL);
CREATE INDEX topology_cluster_name_6a9fc22d_like ON public.topology_cluster USING btree (name varchar_pattern_ops);
CREATE INDEX topology_event_actor_id_49f9542f ON public.topology_event USING btree (actor_id);
CREATE INDEX topology_event_cluster_id_927f8610 ON public.topology_event USING btree (cluster_id);
CREATE INDEX topology_node_cluster_id_dfdbc352 ON public.topology_node USING btree (cluster_id);
CREATE INDEX topology_node_subcluster_id_4996d28d ON public.topology_node USING btree (subcluster_id);
CREATE INDEX topology_signinlink_token_hash_e4cdcfa7_like ON public.topology_signinlink USING btree (token_hash varchar_pattern_ops);
CREATE INDEX topology_signinlink_user_id_f77d6806 ON public.topology_signinlink USING btree (user_id);
CREATE INDEX topology_subcluster_cluster_id_09182f25 ON public.topology_subcluster USING btree (cluster_id);
CREATE INDEX user_contacts ON public.topology_enduser USING btree (contacts);
CREATE INDEX user_endpoints ON public.topology_enduser USING gin (endpoints);
CREATE UNIQUE INDEX user_id_once ON public.topology_enduser USING btree (lower((user_id)::text));
CREATE INDEX user_id_order ON public.topology_enduser USING btree (lower((user_id)::text) COLLATE "C");
CREATE INDEX user_id_trigrams ON public.topology_enduser USING gin (upper((user_id)::text) public.gin_trgm_ops);
CREATE INDEX user_mail_trigrams ON public.topology_enduser USING gin (upper((mail)::text) public.gin_trgm_ops);
CREATE INDEX user_name_trigrams ON public.topology_enduser USING gin (upper((name)::text) public.gin_trgm_ops);
CREATE TRIGGER assignments_counted_delete AFTER DELETE ON public.assignments_assignment REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.assignments_counted_delete();
CREATE TRIGGER assignments_counted_insert AFTER INSERT ON public.assignments_assignment REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.assignments_counted_insert();
CREATE TRIGGER assignments_counted_update AFTER UPDATE ON public.assignments_assignment REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.assignments_counted_update();
CREATE TRIGGER assignments_list_added AFTER INSERT ON public.assignments_assignment REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.assignments_list_added();
CREATE TRIGGER assignments_list_changed AFTER UPDATE OF cluster_id ON public.assignments_assignment FOR EACH ROW WHEN ((old.cluster_id IS DISTINCT FROM new.cluster_id)) EXECUTE FUNCTION public.assignments_list_changed();
CREATE TRIGGER assignments_list_removed AFTER DELETE ON public.assignments_assignment REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.assignments_list_removed();
CREATE TRIGGER assignments_list_renamed AFTER UPDATE OF user_id ON public.topology_enduser FOR EACH ROW WHEN (((old.user_id)::text IS DISTINCT FROM (new.user_id)::text)) EXECUTE FUNCTION public.assignments_list_renamed();
ALTER TABLE ONLY public.assignments_approval
    ADD CONSTRAINT assignments_approval_approver_id_41c9f735_fk_auth_user_id FOREIGN KEY (approver_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_approval
    ADD CONSTRAINT assignments_approval_author_id_5e32c7f5_fk_auth_user_id FOREIGN KEY (author_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_approval
    ADD CONSTRAINT assignments_approval_plan_id_73c0997f_fk_assignments_plan_id FOREIGN KEY (plan_id) REFERENCES public.assignments_plan(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_assignment
    ADD CONSTRAINT assignments_assignme_cluster_id_7749f26c_fk_topology_ FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_assignment
    ADD CONSTRAINT assignments_assignment_user_id_9a44bf73_fk_topology_enduser_id FOREIGN KEY (user_id) REFERENCES public.topology_enduser(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_claim
    ADD CONSTRAINT assignments_claim_operation_id_8e89237f_fk_assignmen FOREIGN KEY (operation_id) REFERENCES public.assignments_operation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_claim
    ADD CONSTRAINT assignments_claim_subcluster_id_de177f79_fk_topology_ FOREIGN KEY (subcluster_id) REFERENCES public.topology_subcluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_lane
    ADD CONSTRAINT assignments_lane_node_id_8e568f59_fk_topology_node_id FOREIGN KEY (node_id) REFERENCES public.topology_node(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_lane
    ADD CONSTRAINT assignments_lane_operation_id_a5f24ab5_fk_assignmen FOREIGN KEY (operation_id) REFERENCES public.assignments_operation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_operation
    ADD CONSTRAINT assignments_operatio_cluster_id_19a00a87_fk_topology_ FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_operation
    ADD CONSTRAINT assignments_operatio_undo_of_id_a432c5c6_fk_assignmen FOREIGN KEY (undo_of_id) REFERENCES public.assignments_operation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_operation
    ADD CONSTRAINT assignments_operation_author_id_a5b4d10b_fk_auth_user_id FOREIGN KEY (author_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_operation
    ADD CONSTRAINT assignments_operation_from_node_id_77d070bb_fk_topology_node_id FOREIGN KEY (from_node_id) REFERENCES public.topology_node(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_operation
    ADD CONSTRAINT assignments_operation_plan_id_10fff69a_fk_assignments_plan_id FOREIGN KEY (plan_id) REFERENCES public.assignments_plan(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_operation
    ADD CONSTRAINT assignments_operation_to_node_id_b8e1c77c_fk_topology_node_id FOREIGN KEY (to_node_id) REFERENCES public.topology_node(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_pin
    ADD CONSTRAINT assignments_pin_owner_id_fb8c948a_fk_auth_user_id FOREIGN KEY (owner_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_pin
    ADD CONSTRAINT assignments_pin_user_id_6541374f_fk_topology_enduser_id FOREIGN KEY (user_id) REFERENCES public.topology_enduser(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_plan
    ADD CONSTRAINT assignments_plan_author_id_5ae1b730_fk_auth_user_id FOREIGN KEY (author_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_plan
    ADD CONSTRAINT assignments_plan_cluster_id_5c6721e1_fk_topology_cluster_id FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_population
    ADD CONSTRAINT assignments_populati_cluster_id_4f8fccbe_fk_topology_ FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_population
    ADD CONSTRAINT assignments_populati_home_node_id_7418e13a_fk_topology_ FOREIGN KEY (home_node_id) REFERENCES public.topology_node(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_population
    ADD CONSTRAINT assignments_populati_serving_node_id_0f0d3299_fk_topology_ FOREIGN KEY (serving_node_id) REFERENCES public.topology_node(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_runpolicy
    ADD CONSTRAINT assignments_runpolic_cluster_id_a4f48f6f_fk_topology_ FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_runpolicy
    ADD CONSTRAINT assignments_runpolicy_plan_id_c11a13e1_fk_assignments_plan_id FOREIGN KEY (plan_id) REFERENCES public.assignments_plan(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_savedview
    ADD CONSTRAINT assignments_savedvie_cluster_id_3f445099_fk_topology_ FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_savedview
    ADD CONSTRAINT assignments_savedview_owner_id_69923f8d_fk_auth_user_id FOREIGN KEY (owner_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_simulation
    ADD CONSTRAINT assignments_simulati_cluster_id_029a66b8_fk_topology_ FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_simulation
    ADD CONSTRAINT assignments_simulation_author_id_117a0973_fk_auth_user_id FOREIGN KEY (author_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_group_id_97559544_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_6a12ed8b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permi_permission_id_1fbb5f2c_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_a95ead1b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.assignments_assignment
    ADD CONSTRAINT home_in_cluster FOREIGN KEY (cluster_id, home_node_id) REFERENCES public.topology_node(cluster_id, id);
ALTER TABLE ONLY public.topology_node
    ADD CONSTRAINT node_subcluster_same_cluster FOREIGN KEY (cluster_id, subcluster_id) REFERENCES public.topology_subcluster(cluster_id, id) DEFERRABLE;
ALTER TABLE ONLY public.assignments_assignment
    ADD CONSTRAINT serving_in_cluster FOREIGN KEY (cluster_id, serving_node_id) REFERENCES public.topology_node(cluster_id, id);
ALTER TABLE ONLY public.topology_event
    ADD CONSTRAINT topology_event_actor_id_49f9542f_fk_auth_user_id FOREIGN KEY (actor_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.topology_event
    ADD CONSTRAINT topology_event_cluster_id_927f8610_fk_topology_cluster_id FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.topology_node
    ADD CONSTRAINT topology_node_cluster_id_dfdbc352_fk_topology_cluster_id FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.topology_policy
    ADD CONSTRAINT topology_policy_cluster_id_2739f029_fk_topology_cluster_id FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.topology_signinlink
    ADD CONSTRAINT topology_signinlink_user_id_f77d6806_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.topology_subcluster
    ADD CONSTRAINT topology_subcluster_cluster_id_09182f25_fk_topology_cluster_id FOREIGN KEY (cluster_id) REFERENCES public.topology_cluster(id) DEFERRABLE INITIALLY DEFERRED;
