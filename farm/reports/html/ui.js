"use strict";
// Live progress: asks this server every two seconds about what is still under way.
(() => {
  const live = () => [...document.querySelectorAll("[data-live]")];
  const field = (node, name) => node.querySelector(`[data-field=${name}]`);
  const look = async (node) => {
    const answer = await fetch(`/api/run/${encodeURIComponent(node.dataset.run)}`);
    if (!answer.ok) return;
    const facts = await answer.json();
    field(node, "progress").value = facts.judged + facts.unjudged;
    const words = field(node, "words");
    const verdicts = Object.entries(facts.verdicts).map(([name, count]) => `${name} ${count}`).join(", ");
    if (words) words.textContent = `${facts.judged}/${facts.planned} judged, ${facts.completed} answered, ${facts.unjudged} given up. ${verdicts}`;
    if (field(node, "state").textContent !== facts.state) location.reload();
  };
  const tick = () => Promise.allSettled(live().map(look)).then(() => live().length && setTimeout(tick, 2000));
  setTimeout(tick, 2000);
})();
