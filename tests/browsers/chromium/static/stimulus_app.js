import { Application } from "@hotwired/stimulus"
import ChatController from "chat_controller"

Application.start().register("chat", ChatController)
