import random
from dataclasses import replace

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.in_context_language.book import EMPTY, write
from runners.in_context_language.language import Language
from runners.in_context_language.method import ASKED, answer, answer_loss, may_see
from runners.in_context_language.rows import END, IDS, Question, rows, unpacked
from runners.in_context_language.training import build, draw, questions


def model():
    """Weights far from nought, so that attention is uneven and a mistake in it shows."""
    reader = build(24, 2, 3, seed=100).eval()
    with torch.no_grad():
        for weight in (reader.before.weight, reader.after.weight, *(block.q.weight for block in reader.blocks)):
            weight.normal_(std=0.3)
    return reader


def drawn(seed: int, count: int = 3):
    rng = random.Random(seed)
    made = [draw(rng, 3, 4, 0.5) for _ in range(count)]
    return [book for _, book, _ in made], [asked for *_, asked in made]


def test_book_is_seen_by_all_and_a_question_by_its_own_answer_alone():
    rng = random.Random(1)
    language = Language.draw(rng, 0.2)
    own = questions(language, rng, set(), 2)
    made = rows([EMPTY], [own], answered=True).tokens
    seen = may_see(made, made)[0]
    part, given = made.part_BS[0].tolist(), made.given_BS[0].tolist()
    for reader in range(len(part)):
        for read in range(len(part)):
            book = part[read] == 0
            same = part[reader] == part[read] and (given[read] or read <= reader)
            assert bool(seen[reader, read]) == (book or same), (reader, read)
    assert {part[0], given[0]} == {0, True} and not all(given)


def test_no_answer_reaches_what_stands_before_it():
    books, asked = drawn(2, 1)
    made, reader = rows(books, asked, answered=True), model()
    answers = ~made.tokens.given_BS[0] & (made.tokens.part_BS[0] == 1)
    last = int(answers.nonzero()[-1])
    ids = made.tokens.id_BS.clone()
    ids[0, last] = IDS["-s"] if ids[0, last] != IDS["-s"] else IDS["dog"]
    before, after = reader(made.tokens)[0], reader(made.tokens._replace(id_BS=ids))[0]
    untouched = torch.arange(before.shape[1]) != last
    assert torch.equal(before[0, untouched], after[0, untouched])
    assert not torch.allclose(before[0, last], after[0, last])


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_many_questions_at_once_are_answered_as_one_by_one(seed):
    books, asked = drawn(seed)
    reader = model()
    many = rows(books, asked, answered=True).tokens
    z, _ = reader(many)
    for row, (book, own) in enumerate(zip(books, asked, strict=True)):
        for number, question in enumerate(own, start=1):
            one = rows([book], [[question]], answered=True).tokens
            alone = reader(one)[0][0, one.part_BS[0] == 1]
            assert torch.allclose(z[row, many.part_BS[row] == number], alone, atol=1e-4)


def test_greedy_answers_are_those_of_a_loop_that_reads_everything_anew():
    books, asked = drawn(3)
    reader, most = model(), 5
    made = rows(books, asked, answered=False)
    ours = answer(reader, made.tokens, made.last_BQ, most, IDS[END])
    words = {place: word for word, place in IDS.items()}
    for book, own, said in zip(books, asked, ours, strict=True):
        for question, found in zip(own, said, strict=True):
            loop: list[int] = []
            while len(loop) < most:
                so_far = replace(question, answer=tuple(words[token] for token in loop))
                tokens = rows([book], [[so_far]], answered=True).tokens  # the end that is wanted is not among them
                token = int(reader(tokens)[0][0, -1].argmax())
                if token == IDS[END]:
                    break
                loop.append(token)
            assert found == loop


def test_loss_is_of_answers_alone_and_of_each_row():
    rng = random.Random(5)
    language = Language.draw(rng)
    book, used = write(language, rng, 2)
    own = questions(language, rng, used, 2)
    made = rows([book, EMPTY], [own, own], answered=True)
    for row in range(2):
        wanted = made.wanted_BS[row][made.wanted_BS[row] >= 0].tolist()
        assert wanted == [IDS[word] for question in own for word in (*question.answer, END)]
    z = torch.randn(*made.tokens.id_BS.shape, len(IDS))
    loss = answer_loss(z, made.wanted_BS)
    for row in range(2):
        one_by_one = [
            -float(z[row, place].log_softmax(-1)[wanted])
            for place, wanted in enumerate(made.wanted_BS[row].tolist())
            if wanted >= 0
        ]
        assert abs(float(loss[row]) - sum(one_by_one) / len(one_by_one)) < 1e-4


def test_question_begins_at_the_same_place_whatever_the_book():
    rng = random.Random(6)
    language = Language.draw(rng)
    book, used = write(language, rng, 3)
    question = questions(language, rng, used, 1)
    made = [rows([one], [question], answered=True).tokens for one in (book, EMPTY)]
    places = [one.place_BS[one.part_BS == 1].tolist() for one in made]
    assert places[0] == places[1]
    assert places[0][0] == ASKED > len(book.tokens)


def test_neighbours_are_of_the_same_part_and_never_ahead_of_an_answer():
    books, asked = drawn(8)
    tokens = rows(books, asked, answered=True).tokens
    for row in range(len(books)):
        ids, before, after, part, _, given = (one[row].tolist() for one in tokens)
        for at in range(len(ids)):
            left = at > 0 and part[at - 1] == part[at] >= 0
            right = at + 1 < len(ids) and part[at + 1] == part[at] >= 0 and given[at + 1]
            assert before[at] == (ids[at - 1] if left else 0)
            assert after[at] == (ids[at + 1] if right else 0)


def test_both_directions_of_a_question():
    rng = random.Random(7)
    language = Language.draw(rng)
    sentence = language.sentence(rng)
    into, back = (Question.of(language.both(sentence), one) for one in ("<into>", "<from>"))
    assert (into.asked, into.answer) == (back.answer, back.asked) == language.both(sentence)
    assert into.english == back.english == sentence.english


def test_rows_come_back_from_another_process_as_they_were():
    books, asked = drawn(9)
    made = rows(books, asked, answered=True)
    tokens, wanted = unpacked(made.packed(), torch.device("cpu"))
    assert all(torch.equal(one, other) for one, other in zip(tokens, made.tokens, strict=True))
    assert torch.equal(wanted, made.wanted_BS)
