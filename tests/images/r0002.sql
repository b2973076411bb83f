--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: agent; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agent (
    id character varying NOT NULL,
    name character varying NOT NULL,
    phone character varying NOT NULL,
    phone_digest character varying NOT NULL,
    team character varying,
    active boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    attributes text DEFAULT '{}'::text NOT NULL,
    number character varying,
    pin character varying,
    auto_answer boolean DEFAULT false NOT NULL,
    voice_capacity integer DEFAULT 1 NOT NULL
);


--
-- Name: agent_skill; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agent_skill (
    agent_id character varying NOT NULL,
    skill_id character varying NOT NULL,
    level integer NOT NULL,
    CONSTRAINT ck_agent_skill_level CHECK (((level >= 1) AND (level <= 10)))
);


--
-- Name: agent_state; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agent_state (
    agent_id character varying NOT NULL,
    seq integer NOT NULL,
    state character varying NOT NULL,
    reason character varying,
    team character varying,
    started_at bigint NOT NULL,
    ended_at bigint,
    productive boolean,
    paid boolean,
    forced_by character varying
);


--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: alert_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_event (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    rule_id character varying,
    queue_id character varying,
    raised_at bigint,
    cleared_at bigint,
    value double precision,
    threshold double precision
);


--
-- Name: alert_rule; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alert_rule (
    id character varying NOT NULL,
    queue_id character varying,
    metric character varying NOT NULL,
    comparison character varying NOT NULL,
    threshold double precision NOT NULL,
    for_s integer NOT NULL,
    names text NOT NULL,
    severity character varying NOT NULL
);


--
-- Name: api_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.api_key (
    id character varying NOT NULL,
    name character varying NOT NULL,
    prefix character varying NOT NULL,
    secret_hash character varying NOT NULL,
    role character varying NOT NULL,
    agent_id character varying,
    created_at bigint NOT NULL,
    expires_at bigint,
    last_used_at bigint,
    revoked_at bigint,
    CONSTRAINT ck_api_key_role CHECK (((role)::text = ANY ((ARRAY['agent'::character varying, 'supervisor'::character varying, 'administrator'::character varying])::text[])))
);


--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    id integer NOT NULL,
    at bigint NOT NULL,
    actor character varying NOT NULL,
    action character varying NOT NULL,
    object character varying NOT NULL,
    detail text NOT NULL,
    act_id character varying
);


--
-- Name: audit_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.audit_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: audit_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;


--
-- Name: calendar; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.calendar (
    id character varying NOT NULL,
    name character varying NOT NULL,
    zone character varying NOT NULL,
    weekly text NOT NULL,
    special text NOT NULL,
    holidays character varying
);


--
-- Name: callback; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.callback (
    id character varying NOT NULL,
    origin_contact_id character varying,
    queue_id character varying,
    number character varying,
    state character varying,
    attempts integer,
    booked_at bigint,
    due_at bigint,
    ended_at bigint,
    outcome character varying,
    agent_id character varying,
    by character varying,
    seq integer,
    asked_at bigint
);


--
-- Name: config_document; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.config_document (
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    created_by character varying NOT NULL,
    comment text NOT NULL,
    document bytea NOT NULL
);


--
-- Name: config_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.config_version (
    id integer NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT ck_config_version_single_row CHECK ((id = 1))
);


--
-- Name: contact; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.contact (
    id character varying NOT NULL,
    root_id character varying,
    prev_id character varying,
    channel character varying,
    direction character varying,
    initiation character varying,
    dnis character varying,
    number character varying,
    name character varying,
    flow_id character varying,
    arrived_at bigint,
    ended_at bigint,
    ended_by character varying,
    in_hours boolean,
    outcome character varying,
    reason character varying,
    kind character varying,
    queue_id character varying,
    agent_id character varying,
    data text
);


--
-- Name: contact_note; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.contact_note (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    contact_id character varying NOT NULL,
    agent_id character varying,
    text text,
    at bigint
);


--
-- Name: disposition; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.disposition (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    contact_id character varying NOT NULL,
    agent_id character varying,
    queue_id character varying,
    code character varying,
    note text,
    at bigint
);


--
-- Name: event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    kind character varying NOT NULL,
    contact_id character varying,
    agent_id character varying,
    occurred_at bigint NOT NULL,
    received_at bigint NOT NULL,
    payload text NOT NULL
);


--
-- Name: flow; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.flow (
    id character varying NOT NULL,
    name character varying NOT NULL
);


--
-- Name: flow_step; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.flow_step (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    contact_id character varying NOT NULL,
    flow_id character varying NOT NULL,
    version integer NOT NULL,
    node character varying NOT NULL,
    kind character varying NOT NULL,
    input character varying,
    entered_at bigint NOT NULL,
    left_at bigint NOT NULL
);


--
-- Name: flow_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.flow_version (
    flow_id character varying NOT NULL,
    version integer NOT NULL,
    document text NOT NULL,
    created_at bigint NOT NULL,
    created_by character varying
);


--
-- Name: journal_checkpoint; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_checkpoint (
    journal_id character varying NOT NULL,
    segment bigint NOT NULL,
    "offset" bigint NOT NULL,
    updated_at bigint NOT NULL
);


--
-- Name: lost_call; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lost_call (
    id character varying NOT NULL,
    contact_id character varying,
    queue_id character varying,
    number character varying,
    lost_at bigint,
    resolved_at bigint,
    resolved_by_contact_id character varying,
    claimed_by character varying,
    claimed_at bigint,
    done_by character varying,
    done_at bigint,
    result character varying
);


--
-- Name: membership; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.membership (
    agent_id character varying NOT NULL,
    queue_id character varying NOT NULL,
    priority integer NOT NULL,
    delay_s integer NOT NULL,
    CONSTRAINT ck_membership_priority CHECK (((priority >= '-10'::integer) AND (priority <= 10)))
);


--
-- Name: number; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.number (
    dnis character varying NOT NULL,
    flow_id character varying NOT NULL,
    name character varying NOT NULL
);


--
-- Name: outside; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outside (
    id integer NOT NULL,
    allowed text NOT NULL,
    caller_id character varying,
    CONSTRAINT ck_outside_single_row CHECK ((id = 1))
);


--
-- Name: pause_reason; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.pause_reason (
    code character varying NOT NULL,
    names text NOT NULL,
    productive boolean NOT NULL,
    paid boolean NOT NULL,
    digit character varying
);


--
-- Name: queue; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.queue (
    id character varying NOT NULL,
    name character varying NOT NULL,
    ring_s integer NOT NULL,
    wrap_up_s integer NOT NULL,
    service_level_s integer NOT NULL,
    short_abandon_s integer NOT NULL,
    recorded boolean NOT NULL,
    music character varying NOT NULL,
    priority integer NOT NULL,
    rona_limit integer NOT NULL,
    target_answer_ratio double precision NOT NULL,
    access character varying DEFAULT 'open'::character varying NOT NULL,
    steps text DEFAULT '[]'::text NOT NULL,
    strategy character varying DEFAULT 'longest_idle'::character varying NOT NULL,
    sticky_s integer DEFAULT 0 NOT NULL,
    wrap_up character varying DEFAULT 'timed'::character varying NOT NULL,
    wrap_up_extension_s integer DEFAULT 60 NOT NULL,
    dispositions text DEFAULT '[]'::text NOT NULL,
    messages text DEFAULT '[]'::text NOT NULL,
    exits text DEFAULT '{}'::text NOT NULL,
    max_wait_s integer,
    on_max_wait text,
    max_length integer,
    on_full text,
    calendar character varying,
    closed boolean DEFAULT false NOT NULL,
    on_closed text,
    on_nobody text,
    callback text,
    voicemail text,
    CONSTRAINT ck_queue_target_answer_ratio CHECK (((target_answer_ratio >= (0)::double precision) AND (target_answer_ratio <= (1)::double precision)))
);


--
-- Name: queue_skill; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.queue_skill (
    queue_id character varying NOT NULL,
    skill_id character varying NOT NULL,
    min_level integer NOT NULL,
    weight integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_queue_skill_min_level CHECK (((min_level >= 1) AND (min_level <= 10)))
);


--
-- Name: queue_visit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.queue_visit (
    id character varying NOT NULL,
    contact_id character varying NOT NULL,
    seq integer,
    queue_id character varying,
    required text,
    priority integer,
    key bigint,
    enqueued_at bigint,
    service_level_ms bigint,
    short_abandon_ms bigint,
    left_at bigint,
    outcome character varying,
    agent_id character varying,
    answered_segment_id character varying,
    ringing boolean,
    estimate_ms bigint,
    overflow_to character varying,
    moved_by character varying,
    kind character varying,
    priority_seq integer,
    waited_before_ms bigint
);


--
-- Name: recording; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.recording (
    id character varying NOT NULL,
    contact_id character varying NOT NULL,
    agent_id character varying,
    queue_id character varying,
    started_at bigint,
    kept_at bigint,
    path character varying,
    size_bytes bigint,
    duration_ms bigint,
    sha256 character varying,
    lost_at bigint,
    lost_reason character varying,
    fault character varying
);


--
-- Name: refresh_token; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refresh_token (
    id character varying NOT NULL,
    user_id character varying NOT NULL,
    family_id character varying NOT NULL,
    hash character varying NOT NULL,
    issued_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    rotated_to character varying,
    revoked_at bigint
);


--
-- Name: routing_decision; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.routing_decision (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    contact_id character varying NOT NULL,
    visit_id character varying NOT NULL,
    queue_id character varying NOT NULL,
    trigger character varying NOT NULL,
    agent_id character varying,
    decided_at bigint NOT NULL,
    signed_in integer NOT NULL,
    waiting_ahead integer NOT NULL,
    candidates text NOT NULL,
    step integer,
    steps integer,
    strategy character varying,
    waited_ms bigint,
    delay_s integer,
    only_agent_id character varying,
    could_serve integer
);


--
-- Name: seat; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.seat (
    phone character varying NOT NULL,
    name character varying NOT NULL,
    phone_digest character varying NOT NULL,
    created_at bigint NOT NULL
);


--
-- Name: segment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.segment (
    id character varying NOT NULL,
    contact_id character varying NOT NULL,
    visit_id character varying,
    agent_id character varying,
    team character varying,
    kind character varying,
    started_at bigint,
    ended_at bigint,
    end_reason character varying,
    consult_id character varying
);


--
-- Name: sign_in_attempt; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sign_in_attempt (
    id integer NOT NULL,
    login character varying NOT NULL,
    address character varying NOT NULL,
    at bigint NOT NULL,
    succeeded boolean NOT NULL
);


--
-- Name: sign_in_attempt_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.sign_in_attempt_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: sign_in_attempt_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.sign_in_attempt_id_seq OWNED BY public.sign_in_attempt.id;


--
-- Name: skill; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.skill (
    id character varying NOT NULL,
    name character varying NOT NULL
);


--
-- Name: supervision_act; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.supervision_act (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    contact_id character varying,
    agent_id character varying,
    by character varying,
    act character varying,
    detail text,
    at bigint
);


--
-- Name: team; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.team (
    id character varying NOT NULL,
    name character varying NOT NULL
);


--
-- Name: transfer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.transfer (
    subject character varying NOT NULL,
    seq integer NOT NULL,
    contact_id character varying NOT NULL,
    from_agent_id character varying,
    kind character varying,
    target_kind character varying,
    target_id character varying,
    at bigint
);


--
-- Name: user_account; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_account (
    id character varying NOT NULL,
    login character varying NOT NULL,
    name character varying NOT NULL,
    password_hash character varying NOT NULL,
    role character varying NOT NULL,
    agent_id character varying,
    active boolean NOT NULL,
    created_at bigint NOT NULL,
    tokens_valid_from bigint DEFAULT '0'::bigint NOT NULL,
    CONSTRAINT ck_user_account_role CHECK (((role)::text = ANY ((ARRAY['agent'::character varying, 'supervisor'::character varying, 'administrator'::character varying])::text[])))
);


--
-- Name: voicemail; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.voicemail (
    id character varying NOT NULL,
    contact_id character varying,
    queue_id character varying,
    number character varying,
    recording_id character varying,
    left_at bigint,
    agent_id character varying,
    heard_at bigint,
    marked_by character varying,
    marked_at bigint
);


--
-- Name: audit id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);


--
-- Name: sign_in_attempt id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sign_in_attempt ALTER COLUMN id SET DEFAULT nextval('public.sign_in_attempt_id_seq'::regclass);


--
-- Data for Name: agent; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agent VALUES ('1001', 'Zoé Martin', 'agent-1001', 'eef90173f535f1f1b602d0c2c33dc5f6', NULL, true, 1795927477311, 1795927477311, '{}', NULL, NULL, false, 1);


--
-- Data for Name: agent_skill; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agent_skill VALUES ('1001', 'vente', 5);


--
-- Data for Name: agent_state; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agent_state VALUES ('1001', 1, 'ready', NULL, NULL, 1795927478343, 1795927479553, true, true, NULL);
INSERT INTO public.agent_state VALUES ('1001', 2, 'offered', NULL, NULL, 1795927479553, 1795927479672, true, true, NULL);
INSERT INTO public.agent_state VALUES ('1001', 3, 'talking', NULL, NULL, 1795927479672, 1795927480084, true, true, NULL);
INSERT INTO public.agent_state VALUES ('1001', 4, 'ready', NULL, NULL, 1795927480084, 1795927482108, true, true, NULL);
INSERT INTO public.agent_state VALUES ('1001', 5, 'signed_out', NULL, NULL, 1795927482108, NULL, false, false, NULL);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0002');


--
-- Data for Name: alert_event; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: alert_rule; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: api_key; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: audit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit VALUES (1, 1795927336636, 'system', 'create', 'config', '{"version":1,"comment":"The first pause reasons","changes":[{"path":"/pause_reasons/pause","kind":"added","old":null,"new":{"names":{"fr":"Pause","en":"Break"},"productive":false,"paid":true,"digit":"1"}},{"path":"/pause_reasons/dejeuner","kind":"added","old":null,"new":{"names":{"fr":"Déjeuner","en":"Lunch"},"productive":false,"paid":false,"digit":"2"}},{"path":"/pause_reasons/formation","kind":"added","old":null,"new":{"names":{"fr":"Formation","en":"Training"},"productive":false,"paid":true,"digit":"3"}},{"path":"/pause_reasons/reunion","kind":"added","old":null,"new":{"names":{"fr":"Réunion","en":"Meeting"},"productive":false,"paid":true,"digit":"4"}},{"path":"/pause_reasons/back-office","kind":"added","old":null,"new":{"names":{"fr":"Back-office","en":"Back office"},"productive":true,"paid":true,"digit":"5"}},{"path":"/pause_reasons/brief","kind":"added","old":null,"new":{"names":{"fr":"Brief","en":"Briefing"},"productive":false,"paid":true,"digit":"6"}}]}', NULL);
INSERT INTO public.audit VALUES (2, 1795927336844, 'system', 'create', 'user:1b147b3cac064aafb8b3cf53abdbc196', '{}', NULL);
INSERT INTO public.audit VALUES (3, 1795927476751, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'sign-in', 'user:1b147b3cac064aafb8b3cf53abdbc196', '{}', NULL);
INSERT INTO public.audit VALUES (4, 1795927476779, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'create', 'skill:vente', '{"version":2,"comment":"","changes":[{"path":"/skills/vente","kind":"added","old":null,"new":{"name":"Vente"}}]}', NULL);
INSERT INTO public.audit VALUES (5, 1795927476880, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'create', 'queue:vente', '{"version":3,"comment":"","changes":[{"path":"/queues/vente","kind":"added","old":null,"new":{"name":"Ventes","required":[{"skill":"vente","level":1,"weight":1}],"access":"open","steps":[],"strategy":"longest_idle","sticky_s":0,"priority":0,"ring_s":20,"rona_limit":2,"wrap_up":"timed","wrap_up_s":0,"wrap_up_extension_s":60,"dispositions":[],"service_level_s":20,"short_abandon_s":5,"recorded":true,"music":"default","messages":[],"exits":{},"max_wait_s":null,"on_max_wait":null,"max_length":null,"on_full":null,"calendar":null,"closed":false,"on_closed":null,"on_nobody":null,"callback":null,"voicemail":null,"target_answer_ratio":0.8}}]}', NULL);
INSERT INTO public.audit VALUES (6, 1795927477067, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'create', 'flow:accueil', '{"version":4,"comment":"","changes":[{"path":"/flows/accueil","kind":"added","old":null,"new":{"version":1,"document":"flow: accueil\nstart: q\nnodes:\n  q: {kind: queue, queue: vente, answer: first}\n"}}]}', NULL);
INSERT INTO public.audit VALUES (7, 1795927477229, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'create', 'number:0100', '{"version":5,"comment":"","changes":[{"path":"/numbers/0100","kind":"added","old":null,"new":{"flow":"accueil","name":""}}]}', NULL);
INSERT INTO public.audit VALUES (8, 1795927477311, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'create', 'agent:1001', '{"version":6,"comment":"","changes":[{"path":"/agents/1001","kind":"added","old":null,"new":{"name":"Zoé Martin","phone":"agent-1001","team":null,"active":true,"skills":[{"skill":"vente","level":5}],"queues":[],"attributes":{},"number":null,"auto_answer":false,"voice_capacity":1}}]}', NULL);
INSERT INTO public.audit VALUES (9, 1795927478050, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'sign-in', 'user:1b147b3cac064aafb8b3cf53abdbc196', '{}', NULL);
INSERT INTO public.audit VALUES (10, 1795927478343, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'start-work', 'agent:1001', '{}', '62df67891fe44251a165a99d4bc974d6');
INSERT INTO public.audit VALUES (11, 1795927482107, 'user:1b147b3cac064aafb8b3cf53abdbc196', 'end-work', 'agent:1001', '{}', '7050101fe7d54a7885df17a7c0f956ac');


--
-- Data for Name: calendar; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: callback; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: config_document; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.config_document VALUES (1, 1795927336636, 'system', 'The first pause reasons', '\x789c95934d4ec3301085af82bc2e0b7e175d5688154808b143289adae360e2d8e01f58543950cfd18b31769ce20684d455debc799e2f96ed0df39dd2dab3e56658b080d017c941a311e04af9113162d1d0a209457b8449be43f4d838046f4db24623096e057d4bbd6006fa3c8a4947ee4371d150b1a2e51d4bc39c159107f5490b25688f69be126c195c242d54ab02e5cf5256e01b4683ae42edad39ed66b7dd7732f12e1afefa2fb11413f23c85a5753d04654dc5fcf1e6d0dbaa93a14f0e9451a63d62a71729ebe8d70fa19333473eeeb6532313ef11c371c0cb945d03ef4ead948ad70759bb73f0eaa0371e2a5927c59af147e45ff8ab8c770a650dcef52f6471cb0da2e2b89d5eb381c23606af44de26686dbf9072cf2ff92168744d5a66a2d6e9fe531d1a17f5f42024c58b34b15fe3f868866fb4871fdc');
INSERT INTO public.config_document VALUES (2, 1795927476779, 'user:1b147b3cac064aafb8b3cf53abdbc196', '', '\x789c95934d4ec3301085af82bc2e0b7e175d22c40a2484101b84a2493c2e268e0dfe298b2a07ea397a313c8e53dc202a6537efcd733e8f636f986ba5528e2d376c8dda231592b365560ba6a18b267b49b2ef17cc2374948f65030a35079be557c080b986555c906b8730969f101c5616c1199da03534eda911423609dd184eb4d21db690c2c2c6decd410f75b64eb245106b7868bc5cc74f791b90b034d35073b9923e2ebaa2686d258a129cf41f6476071809a957539200e5fe415d5396e307068db6a0edad29f076b7dd7712f43ee8e6fd28318b11794e61616c075e1a5d307fbd29f4aee824e8b305a9e74d7ac1c69f5c20073dc53d66371f2a423b837346591b8fe870b8d199b29e76dbb191700f887ede6097e9ee9be09de4693650ca7c63ccbdbea587a0d056b44c07a5e8fe47ed2b1bd4f820448ce75287aec6e1d1f43f77dc2bb6');
INSERT INTO public.config_document VALUES (3, 1795927476880, 'user:1b147b3cac064aafb8b3cf53abdbc196', '', '\x789c9554db6edb300cfd9541cfdeb0666b31f47118fab401c330eca5080cc5a21d36b2e4ea920b827c50bfa33f3652965c371b86e58de7e89887a4281f85dfa0d65edc1ec5164c000e5089db8c2a61644fa4f895e0e9548900b2673d858dd4609474193e4688f09fa93c61078f111d90e4fe38d631136bd802e1ab4aec00bb75a0f0b4ac846c1af0e421ec0086643ec040f07ec9a19301ba031d6a6b3af0a146a52189b0d91c6ad2bdafc4e0d03a0c87041c9a8ef905c7d6c85a638fe4b5205b27873a0e942d604f454e4cce5310ec03188fd6307f43070afd603d06a24a65e0b6d8409d7a2a767e6d5da8e54a1a357e7bcd1369ac533c91e02254a28f1e1baa40412ba30e54434fddcb0e7262d863c8c3efe5bede490c9cc944ad2b41590b5928c674655d58cf446de4c18fb0dce884b5f55c4e2bb587a42eccf4b9b12bab0eb3047a259b4dc15b4b8df7122787205d07d4b7f13b7035dd185a1ae7bb4fbc5ad49829fd7890251c64f4503b903e4df428d8e0ad6d5b4acdb0b18af76ace8ecb96c42d35233ebf3aa3cd19a93799621367556c026ea10c7f90385d84c28ea728ae59ba7208eddc38e13f2c333b9a31a05d3b77ca73fd9bd50d6b153c4034e0666e13756ef8e5f9693a49a65fa369d6ff74cca0582e58dc5ad7f3ad9899e70b776e7a373b49a63f9d447359a71f44b9e499e588cfedbe67360f15e4e6029f2bd63a1ad1ebe60a73eef5e3f9a91c24bb6f00e1b2c63ea61fa68dc1a34abdd1e3b0bbf4c35b8e4f859e00e6c7c4fb4f38d42e6ac89bdf923c8726f62b18ffb4a7df483fee87');
INSERT INTO public.config_document VALUES (4, 1795927477067, 'user:1b147b3cac064aafb8b3cf53abdbc196', '', '\x789c9554db6e133110fd15e4e705d1402bd4478478020921c44b55ad1c7b7633c46b6f7d491a45f9a07e477f8c19afbddd0684e89bcff1f19c99b1c74711b6684c10d747b1031b8117a8c575418db0722052fcccf0746a440439b09e964a1ab05afa02ef1224f8cf5081b087bb841e4872739cf258880dec80f04523f680fd26d2f274db08a91404f2106e044bb21061247873cb4b2f23f407da34cef610628bda4016a1da1e5ad2bd6dc4e8d1798c870c3cda9ef915af9d95adc101c96b45b65e8e6d1a295ac481929c9912a722b88f60033acbfc156d680ca30b1889aa9981dfa18236d754edc2c6f9d8cab5b47a3a7bc91d51ce6bee48f4091a31a4808a32d0d0c96422e53050f5b2871218ee3196e60ff2bedd4b8c1cc926631a41512b5929c674657ddc2c445de2c64fb0dee88c8d0b9c4e274d80acaecc7cdcbab5d3874500b3966a5bf1ce51e183c4d9214adf03d56dc31e7c4b37868edaf9e6033f2d2accd67a02c8ba1c650ad07a902177f428d8e0b5eb3a0acd5039cdef6ac94e8f2d8b3b2a467c7cb6472f67a25e158a4dbcd34945dc416dfe2871be088d3d77515cb274ed11baa571c67f5816763263406feddca9f4f56f5657acd5f00b9205bf709ba973c34f8f0ff34e36fd92acdafcd3b1806ab96271e7fcc0b762179e4fdcb9e9e7c54e36fde125da9755fa4ed44b5e584ef8dcee5b614b53416e5fe073c15a4f2d7a5e5c65cebdbe3f3ed48d6cf71520beacb0f7f9c3742906d4b9361a0eb7cf1fdeed342a3402588689df3fe1d8fa64a0bcfc8ee43921faf612f010952fb5621a30f021d7433fa5762a0d344275d6ca875bc59c8c4dc31aa60ffbf41b96400651');
INSERT INTO public.config_document VALUES (5, 1795927477229, 'user:1b147b3cac064aafb8b3cf53abdbc196', '', '\x789c9554db8ed4300cfd1594e78266077685f611219e404208f1b21a5599c6ed9849936e2e73d1683e68bf637f0c3b4d4a6740887d6ace89eb633bb64fc26f516b2fee4f620726001f5089fb8c2a61644fa4f891e0f95c8900b2677b3a36528351d265f81821c27fbaf2841d3c467440260fa7318e99b1861d10bea9c41eb0db043a9e5795904d039e34841dc090990f30107c58f1d1c900dd912eb5351df850a3d2908cb0d91e6bb25b546270681d8663020e4dc7fc92cfd6c85a638fa4b5245927873a0ee42d604f414e4cf653101c02188fd6307f47170afd603d06a24a64e076d8409d722a727e635da8e55a1a35fe7bcb1569ac535c91e02254a28f1e1b8a40412ba30e14434fd9cb0eb2633860c8c5efe5a1de4b0cecc944ad2b415e0b5928c6f4645dd8cc8cdac8851f6179d1096beb399c566a0fc9ba30d3efc6aead3ace1ce8b56cb605ef2c25de4b9c1482741d50dec6efc1d5f46268a99c6fde736b5162a6e4e34196e320a387da81f4a9a227c102af6ddb926b868d55dc5773766cb664dc5232e2c3c51d75ce48bdca148b38ab62137007a5f883c4e92114765c4571cba66b87d0ce8513fe4332b3a31803eab56ba55cd7bf49ddb1ad829f100db899da445d0b7e7c7e9a6e92e8e7689acd3f153328924b366eadebf955cc4cf337772dfa69769344bf3b89e66599be15e591679223be96fb9ad95c5490db17e8dcb0ada3125d2657986bad6fcf4fe522c97d01082f4bec5d5a9836068f2ae546c361f769e1adc651a111c03c4cdcff8443eda286dcf92d99a78068ed45e021ca2bb5601a30703ee5439b52d926f6344265d6f2c22dc61c8c89fd1ad2c2168b9bc582bfca202fd40447c90b81ec84fe3eff02f4d313c4');
INSERT INTO public.config_document VALUES (6, 1795927477311, 'user:1b147b3cac064aafb8b3cf53abdbc196', '', '\x789c9555cb6edb3010fc958267a5b0d32628722c8a9e1aa0288a1e1a04c25a5ac95b4ba4c2871dc3f007e53bf263dda54855761f684ee20c971cee70973a28b7a1ae73eae6a0b6a83dca806a759350a134f44caa6f111e8f85f208bdc4f3b0820e750d36c1878001ff732bc7d8e243208b1c727718cf310bee708b8c9785da21b56bcfc3e37da1a0aad0b18632036a0e731e078677f732b4e0b1ddf36467748bce9754771883a8daec4b8e5b146ab0642cf97d0496742bfca58c8d86b2a39e58eb92652d0c651878374f3d1f7262d23e19e1a347edc868e1af79a2263718479ea97c32b45baab08c396539b736d697b0025d8f6bafc491cad85a1cf13660a1fae0a8e213d4d840e83c9fa1e7eca1c5b4313e924fe6f7f058ee80bceca443d7158a77cd64a604f395b57e3d0b6a82183fc27ca313ee8c93e334d0398cd19999966bb332f57eb641b7826a93f1d670e23dd0a4e0c1b6c8796bb7435bf28d91613b5fbf93d2e2c474cc472d178be5543f114ce5f3dd3c3fbdba05eb49ee7f581b2d6c5c7a9122a544b31e549eb6980dcdd5fef782bb3a2bb85cd46237786f69153c26cf75e857387905c19b94d764584cbfac60802a96dc52d27408f9d606080e4b8be062b11c947877619a869709ac4c2dd9cdd9d18818dcb0907a7f32c74d3152af122522d6d4e1c4860168aab19a5a29107525a12b4bd8cc8523fe4d32b1a398006ea373a5e4c09fa4ae25b6c61f18b47835a94dd4b9e087e7a769268a7e0aba5aff5331812c7929c18db1bd149c9e69fee2ce453fce66a2e8570ba45f96e91b952f792639e273b9cf894da6226c5ea0b39458cb169d26979973ad2fcf4f7922cadd22fa9725f636fe0b4cf08eea981bf7bdd9c5b7fc7e7c05b8bb29bd13d2da8c7d6943977ba7e1f078207ed103cafb90ba3d636e1eb42ee6c33f81da54a1e74ecdcd961e831c7c9cba31eeb9e08740beb526f95744384a9e08a44d78f5f1279c745ba9');


--
-- Data for Name: config_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.config_version VALUES (1, 6);


--
-- Data for Name: contact; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.contact VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 'voice', 'inbound', 'inbound', '0100', '+33140000001', '+33140000001', 'accueil', 1795927479553, 1795927480084, 'caller', true, 'answered', 'caller_hung_up', 'inbound', NULL, NULL, '{}');


--
-- Data for Name: contact_note; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: disposition; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: event; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.event VALUES ('62df67891fe44251a165a99d4bc974d6', 1, 'Audited', NULL, NULL, 1795927478343, 1795927478495, '{"type":"Audited","subject":"62df67891fe44251a165a99d4bc974d6","seq":1,"at":1795927478343,"actor":"user:1b147b3cac064aafb8b3cf53abdbc196","action":"start-work","object":"agent:1001","detail":{}}');
INSERT INTO public.event VALUES ('1001', 1, 'AgentStateChanged', NULL, '1001', 1795927478343, 1795927478495, '{"type":"AgentStateChanged","subject":"1001","seq":1,"at":1795927478343,"agent_id":"1001","state":"ready","reason":null,"team":null,"productive":true,"paid":true,"by":null}');
INSERT INTO public.event VALUES ('1001', 3, 'AgentStateChanged', NULL, '1001', 1795927479672, 1795927479803, '{"type":"AgentStateChanged","subject":"1001","seq":3,"at":1795927479672,"agent_id":"1001","state":"talking","reason":null,"team":null,"productive":true,"paid":true,"by":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 11, 'RecordingStarted', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '1001', 1795927479672, 1795927479803, '{"type":"RecordingStarted","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":11,"at":1795927479672,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","recording_id":"5b25f4a5-5e0d-458d-a3e4-2dcc5c4bd4dd","agent_id":"1001","queue_id":"vente"}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 10, 'SegmentOpened', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '1001', 1795927479672, 1795927479803, '{"type":"SegmentOpened","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":10,"at":1795927479672,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","segment_id":"3326611e-3b1a-484f-8c08-370c12efe906","kind":"talk","visit_id":"483a0502-1ed4-4222-9e44-457647d03472","agent_id":"1001","team":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 9, 'VisitClosed', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '1001', 1795927479672, 1795927479803, '{"type":"VisitClosed","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":9,"at":1795927479672,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","visit_id":"483a0502-1ed4-4222-9e44-457647d03472","outcome":"answered","agent_id":"1001","segment_id":"3326611e-3b1a-484f-8c08-370c12efe906","ringing":false,"to":null,"by":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 8, 'SegmentClosed', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927479672, 1795927479803, '{"type":"SegmentClosed","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":8,"at":1795927479672,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","segment_id":"465a9d4b-108d-456d-953e-d21b9adbe0ea","reason":"answered"}');
INSERT INTO public.event VALUES ('1001', 2, 'AgentStateChanged', NULL, '1001', 1795927479553, 1795927479803, '{"type":"AgentStateChanged","subject":"1001","seq":2,"at":1795927479553,"agent_id":"1001","state":"offered","reason":null,"team":null,"productive":true,"paid":true,"by":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 7, 'SegmentOpened', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '1001', 1795927479553, 1795927479803, '{"type":"SegmentOpened","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":7,"at":1795927479553,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","segment_id":"465a9d4b-108d-456d-953e-d21b9adbe0ea","kind":"ring","visit_id":"483a0502-1ed4-4222-9e44-457647d03472","agent_id":"1001","team":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 6, 'RoutingDecided', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '1001', 1795927479553, 1795927479803, '{"type":"RoutingDecided","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":6,"at":1795927479553,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","visit_id":"483a0502-1ed4-4222-9e44-457647d03472","queue_id":"vente","trigger":"arrival","agent_id":"1001","candidates":[{"agent_id":"1001","verdict":"chosen","idle_ms":1210,"step":0}],"signed_in":1,"waiting_ahead":0,"step":0,"strategy":"longest_idle","waited_ms":0,"steps":1,"delay_s":0,"only":null,"could_serve":1}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 5, 'VisitOpened', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927479553, 1795927479803, '{"type":"VisitOpened","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":5,"at":1795927479553,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","visit_id":"483a0502-1ed4-4222-9e44-457647d03472","visit_seq":1,"queue_id":"vente","priority":0,"key":1795927479553,"service_level_ms":20000,"short_abandon_ms":5000,"required":[{"skill":"vente","level":1,"weight":1}],"estimate_ms":null,"kind":"inbound","waited_before_ms":0}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 4, 'SegmentClosed', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927479553, 1795927479803, '{"type":"SegmentClosed","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":4,"at":1795927479553,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","segment_id":"18589e88-cdda-4d6d-ba76-ddb6b2b3a8ea","reason":"queued"}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 3, 'FlowNodeLeft', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927479553, 1795927479803, '{"type":"FlowNodeLeft","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":3,"at":1795927479553,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","flow":"accueil","version":1,"node":"q","kind":"queue","input":null,"entered_at":1795927479553}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 2, 'SegmentOpened', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927479553, 1795927479803, '{"type":"SegmentOpened","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":2,"at":1795927479553,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","segment_id":"18589e88-cdda-4d6d-ba76-ddb6b2b3a8ea","kind":"ivr","visit_id":null,"agent_id":null,"team":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 1, 'ContactArrived', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927479553, 1795927479803, '{"type":"ContactArrived","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":1,"at":1795927479553,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","dnis":"0100","number":"+33140000001","name":"+33140000001","flow":"accueil","direction":"inbound","kind":"inbound","root_id":null,"queue_id":null,"agent_id":null}');
INSERT INTO public.event VALUES ('5b25f4a5-5e0d-458d-a3e4-2dcc5c4bd4dd', 1, 'RecordingKept', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927480091, 1795927480353, '{"type":"RecordingKept","subject":"5b25f4a5-5e0d-458d-a3e4-2dcc5c4bd4dd","seq":1,"at":1795927480091,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","recording_id":"5b25f4a5-5e0d-458d-a3e4-2dcc5c4bd4dd","path":"5b25f4a5-5e0d-458d-a3e4-2dcc5c4bd4dd.wav","size_bytes":6764,"duration_ms":420,"sha256":"f98ce2f231fec7745f6b96070c48b6dde433f8239692b2cb56bb52201601ece6","fault":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 13, 'ContactEnded', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927480084, 1795927480353, '{"type":"ContactEnded","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":13,"at":1795927480084,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","outcome":"answered","ended_by":"caller","reason":"caller_hung_up","data":{},"in_hours":true}');
INSERT INTO public.event VALUES ('1001', 4, 'AgentStateChanged', NULL, '1001', 1795927480084, 1795927480353, '{"type":"AgentStateChanged","subject":"1001","seq":4,"at":1795927480084,"agent_id":"1001","state":"ready","reason":null,"team":null,"productive":true,"paid":true,"by":null}');
INSERT INTO public.event VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 12, 'SegmentClosed', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, 1795927480084, 1795927480353, '{"type":"SegmentClosed","subject":"70ec315c-f3e4-479b-b52d-461a5b04ee04","seq":12,"at":1795927480084,"call_id":"70ec315c-f3e4-479b-b52d-461a5b04ee04","segment_id":"3326611e-3b1a-484f-8c08-370c12efe906","reason":"caller"}');
INSERT INTO public.event VALUES ('7050101fe7d54a7885df17a7c0f956ac', 1, 'Audited', NULL, NULL, 1795927482107, 1795927482140, '{"type":"Audited","subject":"7050101fe7d54a7885df17a7c0f956ac","seq":1,"at":1795927482107,"actor":"user:1b147b3cac064aafb8b3cf53abdbc196","action":"end-work","object":"agent:1001","detail":{}}');
INSERT INTO public.event VALUES ('1001', 5, 'AgentStateChanged', NULL, '1001', 1795927482108, 1795927482140, '{"type":"AgentStateChanged","subject":"1001","seq":5,"at":1795927482108,"agent_id":"1001","state":"signed_out","reason":null,"team":null,"productive":false,"paid":false,"by":null}');


--
-- Data for Name: flow; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.flow VALUES ('accueil', 'accueil');


--
-- Data for Name: flow_step; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.flow_step VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 3, '70ec315c-f3e4-479b-b52d-461a5b04ee04', 'accueil', 1, 'q', 'queue', NULL, 1795927479553, 1795927479553);


--
-- Data for Name: flow_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.flow_version VALUES ('accueil', 1, 'flow: accueil
start: q
nodes:
  q: {kind: queue, queue: vente, answer: first}
', 1795927477067, 'user:1b147b3cac064aafb8b3cf53abdbc196');


--
-- Data for Name: journal_checkpoint; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.journal_checkpoint VALUES ('0b099831cc9245a5a47dba0457d03785', 1, 9452, 1795927499667);


--
-- Data for Name: lost_call; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: membership; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: number; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.number VALUES ('0100', 'accueil', '');


--
-- Data for Name: outside; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: pause_reason; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.pause_reason VALUES ('pause', '{"fr":"Pause","en":"Break"}', false, true, '1');
INSERT INTO public.pause_reason VALUES ('dejeuner', '{"fr":"Déjeuner","en":"Lunch"}', false, false, '2');
INSERT INTO public.pause_reason VALUES ('formation', '{"fr":"Formation","en":"Training"}', false, true, '3');
INSERT INTO public.pause_reason VALUES ('reunion', '{"fr":"Réunion","en":"Meeting"}', false, true, '4');
INSERT INTO public.pause_reason VALUES ('back-office', '{"fr":"Back-office","en":"Back office"}', true, true, '5');
INSERT INTO public.pause_reason VALUES ('brief', '{"fr":"Brief","en":"Briefing"}', false, true, '6');


--
-- Data for Name: queue; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.queue VALUES ('vente', 'Ventes', 20, 0, 20, 5, true, 'default', 0, 2, 0.8, 'open', '[]', 'longest_idle', 0, 'timed', 60, '[]', '[]', '{}', NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL);


--
-- Data for Name: queue_skill; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.queue_skill VALUES ('vente', 'vente', 1, 1);


--
-- Data for Name: queue_visit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.queue_visit VALUES ('483a0502-1ed4-4222-9e44-457647d03472', '70ec315c-f3e4-479b-b52d-461a5b04ee04', 1, 'vente', '[{"skill":"vente","level":1,"weight":1}]', 0, 1795927479553, 1795927479553, 20000, 5000, 1795927479672, 'answered', '1001', '3326611e-3b1a-484f-8c08-370c12efe906', false, NULL, NULL, NULL, 'inbound', 5, 0);


--
-- Data for Name: recording; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.recording VALUES ('5b25f4a5-5e0d-458d-a3e4-2dcc5c4bd4dd', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '1001', 'vente', 1795927479672, 1795927480091, '5b25f4a5-5e0d-458d-a3e4-2dcc5c4bd4dd.wav', 6764, 420, 'f98ce2f231fec7745f6b96070c48b6dde433f8239692b2cb56bb52201601ece6', NULL, NULL, NULL);


--
-- Data for Name: refresh_token; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.refresh_token VALUES ('9a6381df4d284db09badd8c670e1ee7f', '1b147b3cac064aafb8b3cf53abdbc196', '2f8576f709d247ba8d59879b2e212c5c', '6bc31ef7efbd703ed968a37433859c30ecc60b1b47da890ffd668ad2bc1c2dc7', 1795927476756, 1797137076756, NULL, NULL);
INSERT INTO public.refresh_token VALUES ('dd34e4f4ca38427b9c2acb3c2b946585', '1b147b3cac064aafb8b3cf53abdbc196', 'bdd8e898c33d46d69d0a9b31baa37dc0', '83ff6c9d4bbe46039aa6fa14bef4f73e490c3697ceb649e5b76d7fe2f7169e7a', 1795927478058, 1797137078058, NULL, NULL);


--
-- Data for Name: routing_decision; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.routing_decision VALUES ('70ec315c-f3e4-479b-b52d-461a5b04ee04', 6, '70ec315c-f3e4-479b-b52d-461a5b04ee04', '483a0502-1ed4-4222-9e44-457647d03472', 'vente', 'arrival', '1001', 1795927479553, 1, 0, '[{"agent_id":"1001","verdict":"chosen","idle_ms":1210,"step":0}]', 0, 1, 'longest_idle', 0, 0, NULL, 1);


--
-- Data for Name: seat; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: segment; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.segment VALUES ('18589e88-cdda-4d6d-ba76-ddb6b2b3a8ea', '70ec315c-f3e4-479b-b52d-461a5b04ee04', NULL, NULL, NULL, 'ivr', 1795927479553, 1795927479553, 'queued', NULL);
INSERT INTO public.segment VALUES ('465a9d4b-108d-456d-953e-d21b9adbe0ea', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '483a0502-1ed4-4222-9e44-457647d03472', '1001', NULL, 'ring', 1795927479553, 1795927479672, 'answered', NULL);
INSERT INTO public.segment VALUES ('3326611e-3b1a-484f-8c08-370c12efe906', '70ec315c-f3e4-479b-b52d-461a5b04ee04', '483a0502-1ed4-4222-9e44-457647d03472', '1001', NULL, 'talk', 1795927479672, 1795927480084, 'caller', NULL);


--
-- Data for Name: sign_in_attempt; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.sign_in_attempt VALUES (1, 'admin', '172.28.92.1', 1795927476746, true);
INSERT INTO public.sign_in_attempt VALUES (2, 'admin', '172.28.92.1', 1795927478047, true);


--
-- Data for Name: skill; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.skill VALUES ('vente', 'Vente');


--
-- Data for Name: supervision_act; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: team; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: transfer; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: user_account; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.user_account VALUES ('1b147b3cac064aafb8b3cf53abdbc196', 'admin', 'Administrator', '$argon2id$v=19$m=65536,t=3,p=4$33Qy1Rxps5i5VSYUqN3/BQ$P281O5KZKYgSEepmYPCuJZqdt8W2K/J+ARd03+YXCes', 'administrator', NULL, true, 1795927336844, 0);


--
-- Data for Name: voicemail; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Name: audit_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_id_seq', 11, true);


--
-- Name: sign_in_attempt_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.sign_in_attempt_id_seq', 2, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: agent pk_agent; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent
    ADD CONSTRAINT pk_agent PRIMARY KEY (id);


--
-- Name: agent_skill pk_agent_skill; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_skill
    ADD CONSTRAINT pk_agent_skill PRIMARY KEY (agent_id, skill_id);


--
-- Name: agent_state pk_agent_state; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_state
    ADD CONSTRAINT pk_agent_state PRIMARY KEY (agent_id, seq);


--
-- Name: alert_event pk_alert_event; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT pk_alert_event PRIMARY KEY (subject, seq);


--
-- Name: alert_rule pk_alert_rule; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alert_rule
    ADD CONSTRAINT pk_alert_rule PRIMARY KEY (id);


--
-- Name: api_key pk_api_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT pk_api_key PRIMARY KEY (id);


--
-- Name: audit pk_audit; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);


--
-- Name: calendar pk_calendar; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.calendar
    ADD CONSTRAINT pk_calendar PRIMARY KEY (id);


--
-- Name: callback pk_callback; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.callback
    ADD CONSTRAINT pk_callback PRIMARY KEY (id);


--
-- Name: config_document pk_config_document; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.config_document
    ADD CONSTRAINT pk_config_document PRIMARY KEY (version);


--
-- Name: config_version pk_config_version; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.config_version
    ADD CONSTRAINT pk_config_version PRIMARY KEY (id);


--
-- Name: contact pk_contact; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contact
    ADD CONSTRAINT pk_contact PRIMARY KEY (id);


--
-- Name: contact_note pk_contact_note; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.contact_note
    ADD CONSTRAINT pk_contact_note PRIMARY KEY (subject, seq);


--
-- Name: disposition pk_disposition; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.disposition
    ADD CONSTRAINT pk_disposition PRIMARY KEY (subject, seq);


--
-- Name: event pk_event; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event
    ADD CONSTRAINT pk_event PRIMARY KEY (subject, seq);


--
-- Name: flow pk_flow; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.flow
    ADD CONSTRAINT pk_flow PRIMARY KEY (id);


--
-- Name: flow_step pk_flow_step; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.flow_step
    ADD CONSTRAINT pk_flow_step PRIMARY KEY (subject, seq);


--
-- Name: flow_version pk_flow_version; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.flow_version
    ADD CONSTRAINT pk_flow_version PRIMARY KEY (flow_id, version);


--
-- Name: journal_checkpoint pk_journal_checkpoint; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_checkpoint
    ADD CONSTRAINT pk_journal_checkpoint PRIMARY KEY (journal_id);


--
-- Name: lost_call pk_lost_call; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lost_call
    ADD CONSTRAINT pk_lost_call PRIMARY KEY (id);


--
-- Name: membership pk_membership; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT pk_membership PRIMARY KEY (agent_id, queue_id);


--
-- Name: number pk_number; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.number
    ADD CONSTRAINT pk_number PRIMARY KEY (dnis);


--
-- Name: outside pk_outside; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outside
    ADD CONSTRAINT pk_outside PRIMARY KEY (id);


--
-- Name: pause_reason pk_pause_reason; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pause_reason
    ADD CONSTRAINT pk_pause_reason PRIMARY KEY (code);


--
-- Name: queue pk_queue; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.queue
    ADD CONSTRAINT pk_queue PRIMARY KEY (id);


--
-- Name: queue_skill pk_queue_skill; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.queue_skill
    ADD CONSTRAINT pk_queue_skill PRIMARY KEY (queue_id, skill_id);


--
-- Name: queue_visit pk_queue_visit; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.queue_visit
    ADD CONSTRAINT pk_queue_visit PRIMARY KEY (id);


--
-- Name: recording pk_recording; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT pk_recording PRIMARY KEY (id);


--
-- Name: refresh_token pk_refresh_token; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT pk_refresh_token PRIMARY KEY (id);


--
-- Name: routing_decision pk_routing_decision; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.routing_decision
    ADD CONSTRAINT pk_routing_decision PRIMARY KEY (subject, seq);


--
-- Name: seat pk_seat; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.seat
    ADD CONSTRAINT pk_seat PRIMARY KEY (phone);


--
-- Name: segment pk_segment; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.segment
    ADD CONSTRAINT pk_segment PRIMARY KEY (id);


--
-- Name: sign_in_attempt pk_sign_in_attempt; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sign_in_attempt
    ADD CONSTRAINT pk_sign_in_attempt PRIMARY KEY (id);


--
-- Name: skill pk_skill; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.skill
    ADD CONSTRAINT pk_skill PRIMARY KEY (id);


--
-- Name: supervision_act pk_supervision_act; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.supervision_act
    ADD CONSTRAINT pk_supervision_act PRIMARY KEY (subject, seq);


--
-- Name: team pk_team; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.team
    ADD CONSTRAINT pk_team PRIMARY KEY (id);


--
-- Name: transfer pk_transfer; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.transfer
    ADD CONSTRAINT pk_transfer PRIMARY KEY (subject, seq);


--
-- Name: user_account pk_user_account; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT pk_user_account PRIMARY KEY (id);


--
-- Name: voicemail pk_voicemail; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.voicemail
    ADD CONSTRAINT pk_voicemail PRIMARY KEY (id);


--
-- Name: agent uq_agent_phone; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent
    ADD CONSTRAINT uq_agent_phone UNIQUE (phone);


--
-- Name: api_key uq_api_key_secret_hash; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT uq_api_key_secret_hash UNIQUE (secret_hash);


--
-- Name: pause_reason uq_pause_reason_digit; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.pause_reason
    ADD CONSTRAINT uq_pause_reason_digit UNIQUE (digit);


--
-- Name: refresh_token uq_refresh_token_hash; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT uq_refresh_token_hash UNIQUE (hash);


--
-- Name: user_account uq_user_account_login; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT uq_user_account_login UNIQUE (login);


--
-- Name: ix_agent_number; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ix_agent_number ON public.agent USING btree (number);


--
-- Name: ix_agent_state_ended_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_agent_state_ended_at ON public.agent_state USING btree (ended_at);


--
-- Name: ix_agent_state_started_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_agent_state_started_at ON public.agent_state USING btree (started_at);


--
-- Name: ix_alert_event_raised_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_alert_event_raised_at ON public.alert_event USING btree (raised_at);


--
-- Name: ix_alert_event_rule_id_raised_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_alert_event_rule_id_raised_at ON public.alert_event USING btree (rule_id, raised_at);


--
-- Name: ix_audit_act_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ix_audit_act_id ON public.audit USING btree (act_id);


--
-- Name: ix_audit_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_audit_at ON public.audit USING btree (at);


--
-- Name: ix_callback_booked_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_callback_booked_at_id ON public.callback USING btree (booked_at, id);


--
-- Name: ix_callback_number_booked_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_callback_number_booked_at ON public.callback USING btree (number, booked_at);


--
-- Name: ix_callback_origin_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_callback_origin_contact_id ON public.callback USING btree (origin_contact_id);


--
-- Name: ix_callback_queue_id_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_callback_queue_id_state ON public.callback USING btree (queue_id, state);


--
-- Name: ix_contact_agent_id_arrived_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_contact_agent_id_arrived_at ON public.contact USING btree (agent_id, arrived_at);


--
-- Name: ix_contact_arrived_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_contact_arrived_at_id ON public.contact USING btree (arrived_at, id);


--
-- Name: ix_contact_note_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_contact_note_contact_id ON public.contact_note USING btree (contact_id);


--
-- Name: ix_contact_number_arrived_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_contact_number_arrived_at ON public.contact USING btree (number, arrived_at);


--
-- Name: ix_contact_queue_id_arrived_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_contact_queue_id_arrived_at ON public.contact USING btree (queue_id, arrived_at);


--
-- Name: ix_contact_root_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_contact_root_id ON public.contact USING btree (root_id);


--
-- Name: ix_disposition_agent_id_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_disposition_agent_id_at ON public.disposition USING btree (agent_id, at);


--
-- Name: ix_disposition_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_disposition_contact_id ON public.disposition USING btree (contact_id);


--
-- Name: ix_disposition_queue_id_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_disposition_queue_id_at ON public.disposition USING btree (queue_id, at);


--
-- Name: ix_event_contact_id_occurred_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_event_contact_id_occurred_at ON public.event USING btree (contact_id, occurred_at);


--
-- Name: ix_event_occurred_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_event_occurred_at ON public.event USING btree (occurred_at);


--
-- Name: ix_flow_step_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_flow_step_contact_id ON public.flow_step USING btree (contact_id);


--
-- Name: ix_flow_step_flow_id_entered_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_flow_step_flow_id_entered_at ON public.flow_step USING btree (flow_id, entered_at);


--
-- Name: ix_lost_call_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_lost_call_contact_id ON public.lost_call USING btree (contact_id);


--
-- Name: ix_lost_call_lost_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_lost_call_lost_at_id ON public.lost_call USING btree (lost_at, id);


--
-- Name: ix_lost_call_number_lost_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_lost_call_number_lost_at ON public.lost_call USING btree (number, lost_at);


--
-- Name: ix_lost_call_queue_id_lost_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_lost_call_queue_id_lost_at ON public.lost_call USING btree (queue_id, lost_at);


--
-- Name: ix_membership_queue_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_membership_queue_id ON public.membership USING btree (queue_id);


--
-- Name: ix_number_flow_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_number_flow_id ON public.number USING btree (flow_id);


--
-- Name: ix_queue_visit_agent_id_enqueued_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_queue_visit_agent_id_enqueued_at ON public.queue_visit USING btree (agent_id, enqueued_at);


--
-- Name: ix_queue_visit_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_queue_visit_contact_id ON public.queue_visit USING btree (contact_id);


--
-- Name: ix_queue_visit_enqueued_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_queue_visit_enqueued_at ON public.queue_visit USING btree (enqueued_at);


--
-- Name: ix_queue_visit_queue_id_enqueued_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_queue_visit_queue_id_enqueued_at ON public.queue_visit USING btree (queue_id, enqueued_at);


--
-- Name: ix_recording_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_recording_contact_id ON public.recording USING btree (contact_id);


--
-- Name: ix_recording_started_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_recording_started_at_id ON public.recording USING btree (started_at, id);


--
-- Name: ix_refresh_token_family_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_refresh_token_family_id ON public.refresh_token USING btree (family_id);


--
-- Name: ix_refresh_token_user_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_refresh_token_user_id ON public.refresh_token USING btree (user_id);


--
-- Name: ix_routing_decision_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_routing_decision_contact_id ON public.routing_decision USING btree (contact_id);


--
-- Name: ix_segment_agent_id_started_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_segment_agent_id_started_at ON public.segment USING btree (agent_id, started_at);


--
-- Name: ix_segment_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_segment_contact_id ON public.segment USING btree (contact_id);


--
-- Name: ix_segment_ended_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_segment_ended_at ON public.segment USING btree (ended_at);


--
-- Name: ix_segment_started_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_segment_started_at ON public.segment USING btree (started_at);


--
-- Name: ix_segment_visit_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_segment_visit_id ON public.segment USING btree (visit_id);


--
-- Name: ix_sign_in_attempt_address_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_sign_in_attempt_address_at ON public.sign_in_attempt USING btree (address, at);


--
-- Name: ix_sign_in_attempt_login_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_sign_in_attempt_login_at ON public.sign_in_attempt USING btree (login, at);


--
-- Name: ix_supervision_act_agent_id_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_supervision_act_agent_id_at ON public.supervision_act USING btree (agent_id, at);


--
-- Name: ix_supervision_act_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_supervision_act_at ON public.supervision_act USING btree (at);


--
-- Name: ix_supervision_act_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_supervision_act_contact_id ON public.supervision_act USING btree (contact_id);


--
-- Name: ix_transfer_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_transfer_contact_id ON public.transfer USING btree (contact_id);


--
-- Name: ix_transfer_from_agent_id_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_transfer_from_agent_id_at ON public.transfer USING btree (from_agent_id, at);


--
-- Name: ix_voicemail_contact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_voicemail_contact_id ON public.voicemail USING btree (contact_id);


--
-- Name: ix_voicemail_left_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_voicemail_left_at_id ON public.voicemail USING btree (left_at, id);


--
-- Name: ix_voicemail_queue_id_left_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_voicemail_queue_id_left_at ON public.voicemail USING btree (queue_id, left_at);


--
-- Name: ix_voicemail_recording_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_voicemail_recording_id ON public.voicemail USING btree (recording_id);


--
-- Name: agent_skill fk_agent_skill_agent_id_agent; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_skill
    ADD CONSTRAINT fk_agent_skill_agent_id_agent FOREIGN KEY (agent_id) REFERENCES public.agent(id) ON DELETE CASCADE;


--
-- Name: agent_skill fk_agent_skill_skill_id_skill; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_skill
    ADD CONSTRAINT fk_agent_skill_skill_id_skill FOREIGN KEY (skill_id) REFERENCES public.skill(id);


--
-- Name: api_key fk_api_key_agent_id_agent; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT fk_api_key_agent_id_agent FOREIGN KEY (agent_id) REFERENCES public.agent(id);


--
-- Name: flow_version fk_flow_version_flow_id_flow; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.flow_version
    ADD CONSTRAINT fk_flow_version_flow_id_flow FOREIGN KEY (flow_id) REFERENCES public.flow(id) ON DELETE CASCADE;


--
-- Name: membership fk_membership_agent_id_agent; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT fk_membership_agent_id_agent FOREIGN KEY (agent_id) REFERENCES public.agent(id) ON DELETE CASCADE;


--
-- Name: membership fk_membership_queue_id_queue; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.membership
    ADD CONSTRAINT fk_membership_queue_id_queue FOREIGN KEY (queue_id) REFERENCES public.queue(id) ON DELETE CASCADE;


--
-- Name: number fk_number_flow_id_flow; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.number
    ADD CONSTRAINT fk_number_flow_id_flow FOREIGN KEY (flow_id) REFERENCES public.flow(id);


--
-- Name: queue_skill fk_queue_skill_queue_id_queue; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.queue_skill
    ADD CONSTRAINT fk_queue_skill_queue_id_queue FOREIGN KEY (queue_id) REFERENCES public.queue(id) ON DELETE CASCADE;


--
-- Name: queue_skill fk_queue_skill_skill_id_skill; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.queue_skill
    ADD CONSTRAINT fk_queue_skill_skill_id_skill FOREIGN KEY (skill_id) REFERENCES public.skill(id);


--
-- Name: refresh_token fk_refresh_token_user_id_user_account; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_token
    ADD CONSTRAINT fk_refresh_token_user_id_user_account FOREIGN KEY (user_id) REFERENCES public.user_account(id) ON DELETE CASCADE;


--
-- Name: user_account fk_user_account_agent_id_agent; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_account
    ADD CONSTRAINT fk_user_account_agent_id_agent FOREIGN KEY (agent_id) REFERENCES public.agent(id);


--
-- PostgreSQL database dump complete
--


