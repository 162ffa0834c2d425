-- Store one rule of policies/ownership.yaml.
INSERT INTO ownership (rule, position, match, accountable, responsible, delegates, consulted, informed, contact, manager,
                       timezone, calendar, review_date)
VALUES (:name, :position, CAST(:match AS jsonb), :accountable, :responsible, :delegates, :consulted, :informed, :contact,
        :manager, :timezone, :calendar, :review_date)
