// The page's words. One word for one thing, as on a floor.
export const WORDS = {
  fr: {
    title: "Plateau", login: "Identifiant", password: "Mot de passe", signIn: "Se connecter",
    signOut: "Se déconnecter", wrong: "Identifiant ou mot de passe incorrect.",
    tooMany: "Trop d’essais. Réessayez dans {0} s.", unreachable: "Serveur injoignable.",
    queues: "Files d’attente", agents: "Téléconseillers", queue: "File",
    waiting: "En attente", longest: "Plus longue attente", ready: "Disponibles / connectés",
    signedIn: "Connectés", talking: "En communication", level: "Niveau de service",
    qs: "QS", abandon: "Taux d’abandon", offered: "Présentés", answered: "Traités",
    agent: "Téléconseiller", state: "État", since: "Depuis", after: "puis {0}",
    live: "En direct", connecting: "Connexion…", lost: "Liaison perdue — reconnexion…",
    absent: "Le moteur d’appels ne répond pas — chiffres indisponibles",
    noQueue: "Aucune file.", noAgent: "Aucun téléconseiller.", noPhone: "poste injoignable",
    today: "depuis {0}",
    expired: "Session expirée : reconnectez-vous.",
    states: {
      ready: "Disponible", offered: "Sonnerie", talking: "En communication",
      wrap_up: "Post-appel", paused: "Pause", not_responding: "Ne répond pas",
      unreachable: "Injoignable", signed_out: "Déconnecté",
    },
  },
  en: {
    title: "Plateau", login: "Login", password: "Password", signIn: "Sign in",
    signOut: "Sign out", wrong: "The login or the password is wrong.",
    tooMany: "Too many attempts. Try again in {0} s.", unreachable: "The server cannot be reached.",
    queues: "Queues", agents: "Agents", queue: "Queue",
    waiting: "Waiting", longest: "Longest wait", ready: "Ready / signed in",
    signedIn: "Signed in", talking: "Talking", level: "Service level",
    qs: "Answer rate", abandon: "Abandon rate", offered: "Offered", answered: "Answered",
    agent: "Agent", state: "State", since: "For", after: "then {0}",
    live: "Live", connecting: "Connecting…", lost: "Connection lost — reconnecting…",
    absent: "The call engine does not answer — no figures",
    noQueue: "No queue.", noAgent: "No agent.", noPhone: "phone unreachable",
    today: "since {0}",
    expired: "Session expired: sign in again.",
    states: {
      ready: "Ready", offered: "Ringing", talking: "Talking", wrap_up: "Wrap-up",
      paused: "Paused", not_responding: "Not responding", unreachable: "Unreachable",
      signed_out: "Signed out",
    },
  },
};

// Each state has a shape of its own, so that colour is never the only sign.
export const SHAPES = {
  ready: "●", offered: "◎", talking: "▶", wrap_up: "✎", paused: "‖",
  not_responding: "▲", unreachable: "✕", signed_out: "○",
};
